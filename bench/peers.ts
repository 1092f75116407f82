/**
 * Times the same work by mmvm and by peer frameworks, interleaved in one run: `deno task bench peers`. See `peers/` for
 * their implementations.
 *
 * @module
 */
import { choice, flag, integer, number, parseArguments, path, text } from "../cli/options/options.ts";
import { runCli } from "../cli/terminal/run_cli.ts";
import { adapterName, describeMachine, machineLine } from "./machine.ts";
import { type Contestant, CONTESTANTS, peerOf, TORCH_FLAGS, torchOptions } from "./peers/contestant.ts";
import { writeExchange } from "./peers/exchange.ts";
import { PACKAGES } from "./peers/places.ts";
import { race, type RaceWork, ratioLines } from "./peers/race.ts";
import { ensurePeer } from "./peers/setup.ts";
import { matmulExchange, stepExchange, stepWork } from "./peers/work.ts";
import { saveResults } from "./results.ts";

const SIZE = 1024;

const OPTIONS = {
  work: choice(["all", "step", "matmul"], { help: "work to time", default: "all" }),
  only: text({
    pattern: new RegExp(`^(${CONTESTANTS.join("|")})(,(${CONTESTANTS.join("|")}))*$`),
    allowed: `some of ${CONTESTANTS.join(", ")}, separated by commas`,
    help: "frameworks to time",
    default: CONTESTANTS.join(","),
  }),
  rounds: integer({ min: 1, help: "number of rounds; medians are reported", default: 5 }),
  turn: number({ above: 0, help: "minimum seconds per turn", default: 1.5 }),
  setup: flag({ help: "install the peers and stop" }),
  tune: flag({
    help: "tune our kernels first, as training does; only on an otherwise idle machine",
  }),
  ...TORCH_FLAGS,
  out: path({ help: "folder for the results", default: "bench/results" }),
};

async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArguments({
    name: "bench peers",
    summary: "Times a training step and a matrix product against TensorFlow.js, jax-js and PyTorch.",
    options: OPTIONS,
  }, args);
  const say = (line: string) => console.log(line);
  const contestants = CONTESTANTS.filter((name) => values.only.split(",").includes(name));
  if (values.setup) return await setUp(contestants, { say, python: values.python });
  const machine = await describeMachine(await adapterName() ?? "no adapter");
  say(machineLine(machine));
  const works = worksOf(values.work, contestants);
  for (const { name } of works) {
    const exchange = name === "step" ? stepExchange(name) : matmulExchange(SIZE);
    await writeExchange(PACKAGES, { name, exchange });
  }
  const { rounds, turn: turnSeconds, tune } = values;
  const how = { folder: PACKAGES, script: "torch_step.py", tune, ...torchOptions(values) };
  const result = await race(works, { ...how, rounds, turnSeconds, say });
  say(`results: ${await saveResults("peers", { machine, result: { ...result, memory: [] }, folder: values.out })}\n`);
  say(ratioLines(result.ratios));
}

function worksOf(work: "all" | "step" | "matmul", contestants: readonly Contestant[]): RaceWork[] {
  const step: RaceWork = {
    name: "step",
    // Multiplications and additions of the convolutions, forward and both gradients, by direct convolution.
    flops: 4.13e9,
    pairs: stepWork("step").batchSize,
    contestants,
    ratios: [["jax-js", "ours"], ["tfjs", "ours"], ["ours", "pytorch"]],
  };
  const matmul: RaceWork = {
    name: `matmul${SIZE}`,
    flops: 2 * SIZE ** 3,
    contestants,
    ratios: [["ours", "jax-js"], ["ours", "tfjs"], ["ours", "pytorch"]],
    rates: true,
  };
  return [...(work === "matmul" ? [] : [step]), ...(work === "step" ? [] : [matmul])];
}

async function setUp(
  contestants: readonly Contestant[],
  options: { say: (line: string) => void; python: string },
): Promise<void> {
  for (const peer of contestants.map(peerOf)) {
    if (!peer) continue;
    await ensurePeer(peer, options);
    options.say(`${peer} is installed`);
  }
}

if (import.meta.main) await runCli(main);
