/**
 * Compares the papers' training step (64 or 224 pixels, 64 filters, 256 latent dimensions) with PyTorch's on the CPU:
 * `deno task bench paper64` and `deno task bench paper224`.
 *
 * @module
 */
import { flag, integer, number, parseArguments, path, text } from "../cli/options/options.ts";
import { runCli } from "../cli/terminal/run_cli.ts";
import { Device } from "../runtime/mod.ts";
import { describeMachine, machineLine } from "./machine.ts";
import { type Contestant, TORCH_FLAGS, torchOptions } from "./peers/contestant.ts";
import { writeExchange } from "./peers/exchange.ts";
import { race, ratioLines } from "./peers/race.ts";
import { PACKAGES } from "./peers/places.ts";
import { stepExchange, stepWork } from "./peers/work.ts";
import { saveResults } from "./results.ts";
import { measureMemory, memoryLine } from "./step_memory.ts";

const CONTESTANTS = ["ours", "pytorch"] as const satisfies readonly Contestant[];

const OPTIONS = {
  only: text({
    pattern: /^(ours|pytorch)(,(ours|pytorch))*$/,
    allowed: "ours, pytorch or ours,pytorch",
    help: "what to time",
    default: CONTESTANTS.join(","),
  }),
  rounds: integer({ min: 1, help: "number of rounds; medians are reported", default: 3 }),
  turn: number({ above: 0, help: "minimum seconds per turn", default: 2 }),
  tune: flag({
    help: "tune our kernels first, as training does; only on an otherwise idle machine",
  }),
  ...TORCH_FLAGS,
  out: path({ help: "folder for the results", default: "bench/results" }),
};

async function main(args: readonly string[]): Promise<void> {
  const [name, ...rest] = args;
  if (name !== "paper64" && name !== "paper224") throw new RangeError(`there is no benchmark ${name}`);
  const { values } = parseArguments({
    name: `bench ${name}`,
    summary: "Times a step of the papers' network against PyTorch on the CPU.",
    options: OPTIONS,
  }, rest);
  const say = (line: string) => console.log(line);
  using device = await Device.open();
  const machine = await describeMachine(device.description);
  say(machineLine(machine));
  const memory = measureMemory(device, name);
  say(memoryLine(memory));
  await writeExchange(PACKAGES, { name, exchange: stepExchange(name) });
  const { rounds, turn: turnSeconds, tune } = values;
  const work = {
    name,
    pairs: stepWork(name).batchSize,
    contestants: CONTESTANTS.filter((contestant) => values.only.split(",").includes(contestant)),
    ratios: [["ours", "pytorch"]] as const,
  };
  const how = { folder: PACKAGES, script: "torch_residual.py", tune, ...torchOptions(values) };
  const result = await race([work], { ...how, rounds, turnSeconds, say });
  say(
    `results: ${await saveResults(name, { machine, result: { ...result, memory: [memory] }, folder: values.out })}\n`,
  );
  say(ratioLines(result.ratios));
}

if (import.meta.main) await runCli(main);
