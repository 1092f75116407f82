/**
 * Detects memory leaks in long runs: `deno task bench long-run`. Trains a small VAE on phantoms for many steps, with
 * checkpoints and evaluations, prints the memory of GPU and process regularly, and exits with code 1 if either grows.
 *
 * @module
 */
import { join } from "node:path";
import { integer, parseArguments } from "../cli/options/options.ts";
import { softwareVersions } from "../cli/run/run_output.ts";
import { runCli } from "../cli/terminal/run_cli.ts";
import { writePhantoms } from "../phantoms/mod.ts";
import {
  checkRunConfig,
  openRunData,
  RUN_CONFIG_VERSION,
  type RunConfig,
  type RunData,
  type TrainProgress,
  trainRun,
} from "../training/mod.ts";
import { evaluateRun } from "../eval/mod.ts";
import { Device } from "../runtime/mod.ts";
import { type MemorySample, memoryTrend } from "./memory_trend.ts";

/** Folder of the run, deleted afterwards. */
const FOLDER = join("cache", `long-run-${Deno.pid}`);
const STUDIES = 60;

const OPTIONS = {
  steps: integer({ min: 8, max: 10_000_000, help: "number of training steps", default: 20_000 }),
  every: integer({ min: 1, max: 1_000_000, help: "steps between memory samples", default: 1000 }),
  evaluationSteps: integer({ min: 1, max: 1_000_000, help: "steps between evaluations", default: 1000 }),
  checkpointSteps: integer({ min: 1, max: 1_000_000, help: "steps between checkpoints", default: 250 }),
};

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArguments({
    name: "bench long-run",
    summary:
      "Trains for many steps with checkpoints and evaluations, and fits a line to the memory of GPU and process.",
    options: OPTIONS,
  }, args);
  await remove(FOLDER);
  try {
    return await longRun(values);
  } finally {
    await remove(FOLDER);
  }
}

async function longRun(values: Record<keyof typeof OPTIONS, number>): Promise<number> {
  const { steps, every, evaluationSteps, checkpointSteps } = values;
  const root = join(FOLDER, "phantoms");
  await writePhantoms(root, { studies: STUDIES, seed: 1, scale: 0.02 });
  const { data: place, model } = configOf({ root, epochs: 1 });
  const data = await openRunData({ data: place, imageSize: model.imageSize, cacheDir: join(FOLDER, "cache") });
  // More epochs than needed: the run is stopped after the last step.
  const config = configOf({ root, epochs: steps });
  const directory = join(FOLDER, "run");
  using device = await Device.open();
  const stop = new AbortController();
  const looks = new MemorySampler({
    device,
    every,
    evaluationSteps,
    evaluate: () => evaluate({ config, directory, data, device }),
    stop,
  });
  console.log(
    `${device.description}, ${model.method}, a batch of ${config.training.batchSize} pairs of ${model.imageSize} px`,
  );
  const { steps: done, seconds } = await trainRun({
    config,
    directory,
    data,
    device,
    checkpointSteps,
    signal: stop.signal,
    onProgress: (progress) => {
      looks.take(progress);
      if (progress.done >= steps) stop.abort();
    },
  });
  const evaluations = await looks.end();
  console.log(`${done} steps and ${evaluations} evaluations in ${(seconds / 60).toFixed(1)} minutes\n`);
  return looks.verdict() ? 0 : 1;
}

async function evaluate(run: { config: RunConfig; directory: string; data: RunData; device: Device }): Promise<void> {
  await evaluateRun({ ...run, pictures: true, commands: [], versions: softwareVersions() });
}

/** Samples the run's memory at intervals, except during evaluations. */
class MemorySampler {
  readonly #gpu: MemorySample[] = [];
  readonly #host: MemorySample[] = [];
  #due: { sample: number; evaluation: number };
  #evaluations = 0;
  #evaluation: Promise<void> | undefined;
  #failure: unknown;

  constructor(
    private readonly options: {
      device: Device;
      every: number;
      evaluationSteps: number;
      evaluate: () => Promise<void>;
      /** Aborted if an evaluation fails. */
      stop: AbortController;
    },
  ) {
    this.#due = { sample: options.every, evaluation: options.evaluationSteps };
  }

  /** Takes a sample and starts an evaluation when due. Training continues during an evaluation; sampling pauses. */
  take({ done }: TrainProgress): void {
    if (this.#evaluation) return;
    const { every, evaluationSteps } = this.options;
    if (done >= this.#due.sample) {
      this.#sample(done);
      this.#due.sample = nextAfter(done, every);
    }
    if (done >= this.#due.evaluation) {
      this.#evaluate();
      this.#due.evaluation = nextAfter(done, evaluationSteps);
    }
  }

  #sample(step: number): void {
    const { device } = this.options;
    const { rss, heapUsed } = Deno.memoryUsage();
    this.#gpu.push({ step, bytes: device.allocatedBytes });
    this.#host.push({ step, bytes: rss });
    console.log(
      `step ${String(step).padStart(7)}  GPU ${device.allocatedBytes} bytes in ${device.allocatedBuffers} buffers  ` +
        `process ${mebibytes(rss)} MiB, JavaScript heap ${mebibytes(heapUsed)} MiB`,
    );
  }

  #evaluate(): void {
    const { evaluate, stop } = this.options;
    this.#evaluation = evaluate().then(() => {
      this.#evaluations++;
    }, (error) => {
      this.#failure = error;
      stop.abort();
    }).finally(() => this.#evaluation = undefined);
  }

  /** Waits for a running evaluation and returns the number of evaluations. */
  async end(): Promise<number> {
    await this.#evaluation;
    if (this.#failure !== undefined) throw this.#failure;
    return this.#evaluations;
  }

  /** Prints the trends; returns whether both are flat. */
  verdict(): boolean {
    return [["GPU", this.#gpu] as const, ["process", this.#host] as const].map(([name, samples]) => {
      const { slope, standardError, growth, mean, flat } = memoryTrend(samples);
      console.log(
        `${name}: ${flat ? "flat" : "GROWS"}, ${(1000 * slope).toFixed(0)} ± ${
          (1000 * standardError).toFixed(0)
        } bytes in ` +
          `1000 steps, ${(100 * growth / mean).toFixed(2)} % of ${mebibytes(mean)} MiB in all`,
      );
      return flat;
    }).every((flat) => flat);
  }
}

/** The first multiple of `interval` above `step`. */
function nextAfter(step: number, interval: number): number {
  return step - step % interval + interval;
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}

function configOf({ root, epochs }: { root: string; epochs: number }): RunConfig {
  return checkRunConfig({
    schema: "mmvm-run",
    version: RUN_CONFIG_VERSION,
    name: "long-run",
    data: {
      root,
      labels: "chexpert",
      uncertain: "zeros",
      blank: "zeros",
      pairs: "all-combinations",
      splitSeed: 0,
      strict: false,
    },
    model: {
      method: "mmvm",
      network: "small",
      imageSize: 28,
      filterDim: 2,
      latentDim: 4,
      dropout: 0,
      likelihood: { name: "laplace", scale: 0.75 },
    },
    training: { seed: 1, batchSize: 8, epochs, learningRate: 1e-4, beta: 1, alphaSteps: 1000 },
  }, { file: "bench/long_run.ts" });
}

async function remove(path: string): Promise<void> {
  await Deno.remove(path, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}

if (import.meta.main) await runCli(main);
