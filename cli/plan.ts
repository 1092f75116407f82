/**
 * `deno task plan --scale paper --data DIR`: predicts what an experiment takes; `deno task plan --ranks 8 --hosts 2
 * --network 10G`: how fast several ranks would train. Both from steps measured here.
 *
 * @module
 */
import { text } from "../base/setting.ts";
import { flagsOf, fromFlags } from "../base/setting_group.ts";
import { formatBandwidth, parseBandwidth, predictStep } from "../cluster/scaling.ts";
import {
  createParallelTrainer,
  createVaeTrainer,
  METHOD_NAMES,
  methodOf,
  type StepSettings,
  TrainableVae,
  type VaeConfig,
  type VaeTrainerOptions,
} from "../models/mod.ts";
import { DATASETS } from "../data/mod.ts";
import { EXPERIMENTS, type ScaleName, SCALES } from "../experiments/mod.ts";
import { Device } from "../runtime/mod.ts";
import { RUN_SETTINGS } from "../training/run/run_settings.ts";
import { choice, flag, integer, number, type OptionValues, parseArguments, path } from "./options/options.ts";
import { requireCompute, requireNetwork, TRAIN_OPTIONS } from "./options/run_options.ts";
import { UsageError } from "./terminal/errors.ts";
import { planExperiment } from "./run/plan_experiment.ts";
import { EXPERIMENTS_FOLDER } from "./run/phantom_data.ts";
import { runCli } from "./terminal/run_cli.ts";

/** A bandwidth such as `10G`. */
function bandwidth(help: string, byDefault: string) {
  return text({
    help,
    pattern: /^[\d.]+[KMGT]?$/,
    allowed: "a number with K, M, G or T",
    placeholder: "rate",
    default: byDefault,
  });
}

/** Here `--network` connects the hosts and `--scale` is an experiment's, so the model's have other names. */
const { network: architecture, scale: likelihoodScale, ...model } = flagsOf(RUN_SETTINGS.model);

/** The flags of the task. */
export const PLAN_OPTIONS = {
  ranks: integer({ min: 1, max: 4096, help: "number of ranks", default: 2 }),
  hosts: integer({ min: 1, max: 4096, help: "number of hosts, over which ranks are spread evenly", default: 1 }),
  network: bandwidth("bandwidth between hosts in bits per second", "10G"),
  local: bandwidth("bytes per second between two ranks of one host", "1.8G"),
  latency: number({ min: 0, max: 1e6, help: "microseconds of a message between two ranks", default: 50 }),
  shareAdapter: flag({ help: "the ranks of a host share one adapter" }),
  steps: integer({ min: 3, max: 10_000, help: "steps to measure; by default 10, with --scale 20" }),
  scale: choice(SCALES, { help: "predict what an experiment takes at this scale, instead of what ranks would gain" }),
  data: path({ help: "with --scale: data directory", placeholder: "dir" }),
  dataset: choice(DATASETS, { help: "with --scale: kind of the data set; detected by default" }),
  seconds: number({ above: 0, max: 1e6, help: "with --scale: most seconds to measure a run's steps", default: 120 }),
  each: flag({ help: "with --scale: measure every method; by default one of each kind" }),
  architecture,
  likelihoodScale,
  ...model,
  batchSize: TRAIN_OPTIONS.batchSize,
  precision: TRAIN_OPTIONS.precision,
  compute: TRAIN_OPTIONS.compute,
};

type Values = OptionValues<typeof PLAN_OPTIONS>;
type RankValues = Values & { readonly steps: number };

/** Runs the command with these arguments. */
export async function main(args: readonly string[]): Promise<void> {
  const { values, operands: [name] } = parseArguments({
    name: "plan",
    summary: "Predicts, from steps measured on this machine's adapter, what an experiment takes at a --scale, or the " +
      "step time of several ranks.",
    options: PLAN_OPTIONS,
    operands: { name: "EXPERIMENT", help: "with --scale: name of the experiment; table by default", min: 0, max: 1 },
  }, args);
  if (values.scale !== undefined) return await printExperiment(values.scale, { name: name ?? "table", values });
  if (name !== undefined) throw new UsageError(`an experiment is planned at a scale: add --scale ${SCALES.join("|")}`);
  await printRanks({ ...values, steps: values.steps ?? 10 });
}

async function printExperiment(
  scale: ScaleName,
  { name, values }: { name: string; values: Values },
): Promise<void> {
  const experiment = EXPERIMENTS.find((each) => each.name === name);
  if (experiment === undefined) {
    throw new UsageError(
      `there is no experiment ${JSON.stringify(name)}; there are ${EXPERIMENTS.map(({ name }) => name).join(", ")}`,
    );
  }
  const { steps = 20, seconds, each, dataset, data: root } = values;
  const options = { experiment, scale, dataset, root, steps, seconds, each, runs: EXPERIMENTS_FOLDER };
  for (const [what, takes] of await planExperiment({ ...options, onProgress: console.error })) {
    console.log(`${what.padEnd(20)} ${takes}`);
  }
}

async function printRanks(values: RankValues): Promise<void> {
  const { ranks, hosts, batchSize } = values;
  const [network, local] = [rate("network", values.network), rate("local", values.local)];
  if (ranks % hosts !== 0) throw new UsageError(`--ranks ${ranks} must be a multiple of --hosts ${hosts}`);
  if (batchSize % ranks !== 0) {
    throw new UsageError(`--batch-size ${batchSize} must be a multiple of --ranks ${ranks}, which divide it`);
  }
  if (!METHOD_NAMES.includes(values.method)) throw new UsageError(`--method must be a VAE, not ${values.method}`);
  requireCompute(values);
  requireNetwork({
    ...TRAIN_DEFAULTS,
    ...values,
    ...{ scale: values.likelihoodScale, network: values.architecture, data: undefined, dataset: undefined },
  });
  using device = await Device.open();
  console.error(`adapter: ${device.description}; measuring ${values.steps} steps twice`);
  const whole = await timeWhole(device, values);
  const { seconds: part, bytes } = await timePart(device, values);
  const placement = { ranks, hosts, network, local, latency: values.latency * 1e-6, shared: values.shareAdapter };
  const { step, exchange, speedup, efficiency, breakEven } = predictStep({ whole, part, bytes }, placement);
  const ms = (seconds: number) => `${(seconds * 1000).toFixed(1)} ms`;
  const lines = [
    ["one process", `${ms(whole)} a step of ${batchSize} pairs, ${(batchSize / whole).toFixed(1)} studies/s`],
    ["a rank's part", `${ms(part)} for ${batchSize / ranks} pairs, with the copies of its gradient`],
    ["exchanged", `${(bytes / 2 ** 20).toFixed(1)} MiB by each rank`],
    [
      `${ranks} ranks on ${hosts} ${hosts === 1 ? "host" : "hosts"}`,
      `${ms(step)} a step, ${ms(exchange)} of it exchange`,
    ],
    ["speed", `${(batchSize / step).toFixed(1)} studies/s, ${speedup.toFixed(2)} times one process`],
    ["efficiency", `${(efficiency * 100).toFixed(0)} %`],
    ["break-even", describeBreakEven(breakEven)],
  ];
  for (const [name, value] of lines) console.log(`${name!.padEnd(20)} ${value}`);
}

function describeBreakEven(bits: number): string {
  if (bits === 0) return "faster than one process at any bandwidth of the network";
  if (bits === Infinity) return "slower than one process at any bandwidth: use a larger batch or fewer ranks";
  return `as fast as one process on a network of ${formatBandwidth(bits)} bit/s`;
}

function rate(name: string, given: string): number {
  const value = parseBandwidth(given);
  if (value === undefined) throw new UsageError(`--${name} must be a rate such as 10G, not ${JSON.stringify(given)}`);
  return value;
}

const TRAIN_DEFAULTS = Object.fromEntries(
  Object.entries(TRAIN_OPTIONS).map(([key, option]) => [key, option.default]),
) as OptionValues<typeof TRAIN_OPTIONS>;

/** The model that a run with these flags would train, without weights of views, which cost nothing. */
export function plannedVae(values: Values): VaeConfig {
  const { loss: _loss, positiveWeights: _positive, viewWeights: _weights, views: _views, ...config } = fromFlags(
    RUN_SETTINGS.model,
    { ...values, network: values.architecture, scale: values.likelihoodScale },
  );
  const { view } = methodOf(values.method);
  return { ...config, views: view === undefined ? values.views ?? ["frontal", "lateral"] : [view] };
}

function trainerOptions(values: Values, batchSize: number): VaeTrainerOptions {
  return { config: plannedVae(values), batchSize, precision: values.precision, compute: values.compute, seed: 1 };
}

/** Seconds of a step of one process on the whole batch: steps are queued, as in training. */
async function timeWhole(device: Device, values: RankValues): Promise<number> {
  const options = trainerOptions(values, values.batchSize);
  using trainer = await createVaeTrainer(device, options);
  const batch = { pixels: pixelsOf(options) };
  trainer.step(batch, settings(0));
  await trainer.readMetrics();
  const started = performance.now();
  for (let step = 1; step <= values.steps; step++) trainer.step(batch, settings(step));
  await trainer.readMetrics();
  return (performance.now() - started) / 1000 / values.steps;
}

/** Seconds of a step on a rank's part, and the bytes that it would exchange. */
async function timePart(device: Device, values: RankValues): Promise<{ seconds: number; bytes: number }> {
  const options = trainerOptions(values, values.batchSize / values.ranks);
  const alone = { rank: 0, size: 1, sum: () => Promise.resolve() };
  using trainer = await createParallelTrainer(device, { ...options, model: new TrainableVae(options), ranks: alone });
  const batch = { pixels: pixelsOf(options) };
  await trainer.step(batch, settings(0));
  await trainer.readMetrics();
  const started = performance.now();
  for (let step = 1; step <= values.steps; step++) await trainer.step(batch, settings(step));
  await trainer.readMetrics();
  return { seconds: (performance.now() - started) / 1000 / values.steps, bytes: trainer.exchanged * 4 };
}

function pixelsOf({ config: { imageSize, views }, batchSize }: VaeTrainerOptions): Uint8Array {
  return Uint8Array.from({ length: views.length * batchSize * imageSize ** 2 }, (_, i) => (i * 2_654_435_761) >>> 24);
}

function settings(step: number): StepSettings {
  return { step, learningRate: 1e-4, beta: 1, alpha: 0 };
}

if (import.meta.main) await runCli(main);
