/**
 * `deno task bench ranks`: what `deno task plan` predicts of ranks on this machine beside what they take, on one host
 * and on two (network namespaces with limited bandwidth, as root); where the time of a step goes; and two ways of
 * reading a slab of gradients.
 *
 * All ranks share this machine's adapter and cores. Predictions and measurements take turns, and the least of all
 * rounds is given, because other work on the machine only ever adds to a time; of processor time, which it hardly
 * changes, the median.
 *
 * @module
 */
import { loadavg } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { integer, parseArguments } from "../cli/options/options.ts";
import { runCli } from "../cli/terminal/run_cli.ts";
import { formatTable } from "../cli/terminal/table.ts";
import { type MeasuredStep, parseBandwidth, type PredictedStep, predictStep } from "../cluster/scaling.ts";
import { declareParameters, Vae } from "../models/mod.ts";
import { createState, Device, Readback } from "../runtime/mod.ts";
import { HostsRig } from "../tests/cluster/mpi/hosts_rig.ts";
import { MPI_ENV } from "../tests/cluster/mpi/mpi_rig.ts";
import { ROOT } from "../tests/process.ts";
import { describeMachine, machineLine } from "./machine.ts";
import { MODEL, type StepParts, type StepTimes } from "./ranks/model.ts";
import { median } from "./statistics.ts";

const OPTIONS = {
  rounds: integer({ min: 1, help: "number of rounds; medians are reported", default: 3 }),
  steps: integer({ min: 3, help: "steps of each measurement", default: 8 }),
  batchSize: integer({ min: 12, help: "pairs of a whole batch, a multiple of 12", default: 24 }),
  slab: integer({ min: 1, help: "MiB of the slab that is read; 85 are the papers' networks", default: 85 }),
};

/** Bits per second between hosts, and as `tc` writes it. */
const RATES = { "100M": "100mbit", "1G": "1gbit" } as const;

/** Milliseconds after which a measurement is given up. */
const LIMIT = 180_000;

/** What a measurement of several ranks prints. */
interface Measured {
  readonly bytes: number;
  readonly ranks: readonly StepParts[];
}

/** A number of ranks, and where they are. */
interface Case {
  readonly ranks: number;
  readonly rate?: keyof typeof RATES;
  readonly predicted: PredictedStep[];
  readonly measured: Measured[];
}

async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArguments({
    name: "bench ranks",
    summary: "Compares predicted with measured steps of several ranks, and shows where their time goes.",
    options: OPTIONS,
  }, args);
  const device = await Device.open();
  console.log(machineLine(await describeMachine(device.description)));
  await readSlab(device, { bytes: values.slab * 2 ** 20, times: 5 * values.rounds });
  await readStatistics(device, { times: 20 * values.rounds });
  device[Symbol.dispose]();
  const alone: StepTimes[] = [];
  const cases: Case[] = [
    ...[1, 2, 3, 4].map((ranks) => ({ ranks, predicted: [], measured: [] })),
    ...Object.keys(RATES).map((rate) => ({ ranks: 2, rate: rate as keyof typeof RATES, predicted: [], measured: [] })),
  ];
  for (let round = 0; round < values.rounds; round++) {
    alone.push(await run<StepTimes>([...step(values), "alone"]));
    const plans = new Map<number, MeasuredStep>();
    for (const each of cases) {
      const { ranks } = each;
      if (!plans.has(ranks)) plans.set(ranks, await planned(ranks, values));
      each.predicted.push(predict(plans.get(ranks)!, each));
      each.measured.push(await measure(each, values));
    }
    console.error(`round ${round + 1} of ${values.rounds}, load ${loadavg()[0]!.toFixed(0)}`);
  }
  report(cases, { alone, batchSize: values.batchSize });
}

/** Prints what both ways of reading a slab take, which take turns. */
async function readSlab(device: Device, { bytes, times }: { bytes: number; times: number }): Promise<void> {
  using state = createState(device, { name: "slab", shape: [bytes / 4] });
  using readback = new Readback(device, [{ buffer: state.buffer, offset: 0, bytes }]);
  const ways = { "State.read()": () => state.read(), "Readback.read()": () => readback.read() };
  const taken = new Map<string, StepTimes[]>(Object.keys(ways).map((name) => [name, []]));
  for (let i = 0; i <= times; i++) {
    for (const [name, read] of Object.entries(ways)) {
      const [from, processor] = [performance.now(), process.cpuUsage()];
      await read();
      const { user, system } = process.cpuUsage(processor);
      const time = { seconds: (performance.now() - from) / 1000, processorSeconds: (user + system) / 1e6 };
      if (i > 0) taken.get(name)!.push(time);
    }
  }
  const rows = [...taken].map(([name, all]) => [
    name,
    ms(median(all.map(({ seconds }) => seconds))),
    ms(Math.min(...all.map(({ seconds }) => seconds))),
    ms(median(all.map(({ processorSeconds }) => processorSeconds))),
  ]);
  console.log(`\n${formatTable([`reading ${bytes / 2 ** 20} MiB, ms`, "median", "least", "processor"], rows)}`);
}

/**
 * Prints what the statistics of batch norm over all ranks would take: in each layer, its sums and those of its gradient
 * would be read in the middle of the step, exchanged, and written back.
 */
async function readStatistics(device: Device, { times }: { times: number }): Promise<void> {
  const names = declareParameters((scope) => new Vae(MODEL).declare(scope)).map(({ name }) => name);
  const layers = names.filter((name) => name.endsWith(".running_mean")).length;
  using state = createState(device, { name: "statistics", shape: [512] });
  using readback = new Readback(device, [{ buffer: state.buffer, offset: 0, bytes: 2048 }]);
  const taken: number[] = [];
  for (let i = 0; i < times; i++) {
    const from = performance.now();
    await readback.read();
    state.write(readback.data);
    taken.push((performance.now() - from) / 1000);
  }
  const [least, middle] = [Math.min(...taken), median(taken)];
  console.log(
    `statistics of ${layers} batch norms: ${2 * layers} exchanges a step, each of them a readback of ${ms(least)} ms ` +
      `or more (median ${ms(middle)} ms): ${ms(2 * layers * least)} ms a step or more`,
  );
}

/** What `deno task plan` measures. */
async function planned(
  ranks: number,
  { batchSize, steps }: { batchSize: number; steps: number },
): Promise<MeasuredStep> {
  const { network, imageSize, filterDim, latentDim } = MODEL;
  const model = ["--architecture", network, "--image-size", `${imageSize}`, "--filter-dim", `${filterDim}`];
  const flags = ["--ranks", `${ranks}`, "--share-adapter", "--batch-size", `${batchSize}`, "--steps", `${steps}`];
  const said = await output(deno("cli/plan.ts", [...model, "--latent-dim", `${latentDim}`, ...flags]));
  const number = (pattern: RegExp) => Number(pattern.exec(said)![1]);
  return {
    whole: number(/^one process +([\d.]+) ms/m) / 1000,
    part: number(/^a rank's part +([\d.]+) ms/m) / 1000,
    bytes: number(/^exchanged +([\d.]+) MiB/m) * 2 ** 20,
  };
}

/** A step as `plan` predicts it; on several hosts, too, all ranks share this machine. */
function predict(measured: MeasuredStep, { ranks, rate }: Case): PredictedStep {
  const common = { ranks, local: 1.8e9, latency: 5e-5 };
  if (rate === undefined) return predictStep(measured, { ...common, hosts: 1, network: 1, shared: true });
  const shared = { ...measured, part: ranks * measured.part };
  return predictStep(shared, { ...common, hosts: ranks, network: parseBandwidth(rate)!, shared: false });
}

async function measure({ ranks, rate }: Case, values: { batchSize: number; steps: number }): Promise<Measured> {
  if (rate === undefined) return await run(["mpirun.openmpi", "-n", `${ranks}`, ...step(values)]);
  await using hosts = await HostsRig.start({ hosts: ranks, rate: RATES[rate] });
  return await run([...hosts.mpirun(), ...step(values)]);
}

function step({ batchSize, steps }: { batchSize: number; steps: number }): string[] {
  return deno("bench/ranks/rank_step.ts", [`${batchSize}`, `${steps}`]);
}

function deno(file: string, args: readonly string[]): string[] {
  const flags = ["--quiet", "--no-prompt", "--cached-only", "--allow-all", "--config", join(ROOT, "deno.json")];
  return [Deno.execPath(), "run", ...flags, join(ROOT, file), ...args];
}

/** Runs a program that prints JSON, a second time if it takes too long. */
async function run<T>(command: readonly string[]): Promise<T> {
  return JSON.parse(await output(command).catch(() => output(command)));
}

async function output([program, ...args]: readonly string[]): Promise<string> {
  const signal = AbortSignal.timeout(LIMIT);
  const child = new Deno.Command(program!, { args, env: MPI_ENV, stdin: "null", stderr: "piped", signal });
  const { success, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  // The software adapter may crash when a process ends, after it has said all.
  if (!success && stdout.length === 0) {
    throw new Error(`${program} ${args.join(" ")} failed:\n${decoder.decode(stderr)}`);
  }
  return decoder.decode(stdout);
}

/** The least time of all rounds, and the median of the processor times. */
function best(rounds: readonly StepTimes[]): StepTimes {
  return {
    seconds: Math.min(...rounds.map(({ seconds }) => seconds)),
    processorSeconds: median(rounds.map(({ processorSeconds }) => processorSeconds)),
  };
}

/** What all ranks together take of each round: as long as the slowest, and without the polling of those that wait. */
function stepOf({ ranks }: Measured): StepTimes {
  return {
    seconds: Math.max(...ranks.map(({ step }) => step.seconds)),
    processorSeconds: sum(ranks.map(({ step, waiting }) => step.processorSeconds - waiting.processorSeconds)),
  };
}

function nameOf({ ranks, rate }: Case): string {
  return rate === undefined ? `${ranks}` : `${ranks} on ${ranks} hosts, ${rate}bit/s`;
}

function report(
  cases: readonly Case[],
  { alone, batchSize }: { alone: readonly StepTimes[]; batchSize: number },
): void {
  const single = best(alone);
  const steps = cases.map((each) => {
    const predicted = Math.min(...each.predicted.map(({ step }) => step));
    const taken = best(each.measured.map(stepOf));
    return [
      nameOf(each),
      ms(predicted),
      ms(taken.seconds),
      (taken.seconds / predicted).toFixed(2),
      (batchSize / taken.seconds).toFixed(1),
      (single.seconds / taken.seconds).toFixed(2),
      ms(taken.processorSeconds),
      (single.processorSeconds / taken.processorSeconds).toFixed(2),
    ];
  });
  console.log(
    `\none process: ${ms(single.seconds)} ms a step of ${batchSize} pairs, ` +
      `${(batchSize / single.seconds).toFixed(1)} studies/s, ${ms(single.processorSeconds)} ms of processor time; ` +
      `a rank exchanges ${cases[0]!.measured[0]!.bytes} bytes\n`,
  );
  const heads = [
    "ranks",
    "predicted, ms",
    "measured, ms",
    "ratio",
    "studies/s",
    "speed",
    "processor, ms",
    "efficiency",
  ];
  console.log(formatTable(heads, steps));
  const names = ["gradient", "waiting", "exchange", "update"] as const;
  const parts = cases.map((each) => {
    // Of the round with the least step, and its first rank.
    const rounds = each.measured.toSorted((a, b) => stepOf(a).seconds - stepOf(b).seconds);
    const [first] = rounds[0]!.ranks as [StepParts];
    const exchange = ms(each.predicted[0]!.exchange);
    const share = first.exchange.seconds / first.step.seconds;
    return [nameOf(each), ...names.map((name) => ms(first[name].seconds)), exchange, `${(100 * share).toFixed(0)} %`];
  });
  console.log(
    formatTable(["part of a step, ms", ...names, "exchange, predicted", "most that overlap could save"], parts),
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function ms(seconds: number): string {
  return (1000 * seconds).toFixed(1);
}

if (import.meta.main) await runCli(main);
