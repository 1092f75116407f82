/**
 * `deno task prepare --data DIR --image-size S`: decodes, crops, resizes and equalises the images once and caches them
 * on disk.
 *
 * @module
 */
import {
  type CachePart,
  dropEntries,
  isDigits,
  openDataset,
  pairStudies,
  preparePixels,
  type PreparePlan,
  type StudyIndex,
} from "../data/mod.ts";
import { measureFastDecode } from "../phantoms/measure_fast_decode.ts";
import { requireSlurm, SLURM_OPTIONS } from "./cluster/slurm_options.ts";
import { writePrepareJobs } from "./cluster/write_prepare_jobs.ts";
import { DATA_OPTIONS, datasetOptions } from "./options/run_options.ts";
import { printable, UsageError } from "./terminal/errors.ts";
import { flag, integer, number, type OptionValues, parseArguments, path, text } from "./options/options.ts";
import { type Progress, startProgress } from "./terminal/progress.ts";
import { runCli } from "./terminal/run_cli.ts";
import { sayWaiting } from "./run/run_output.ts";
import { stopSignals } from "./terminal/stop_signals.ts";

const SPEC = {
  name: "prepare",
  summary: "Decodes, crops, resizes and equalises the images of a data set. Resumes if interrupted.",
  options: {
    ...DATA_OPTIONS,
    data: path({ help: "data directory (none for mnist-pairs and polymnist)", placeholder: "dir" }),
    imageSize: integer({ min: 1, max: 4096, help: "size of the prepared images in pixels", default: 64 }),
    cache: path({ help: "cache directory (default cache)", placeholder: "dir" }),
    workers: integer({ min: 1, max: 256, help: "number of decoding workers; one per core by default" }),
    imageMemory: integer({ min: 16, help: "memory for decoding in MiB; a quarter of the machine's by default" }),
    decodeTimeout: number({
      above: 0,
      max: 86_400,
      help: "seconds after which decoding an image is given up; it is tried again once, and by the next call",
      default: 120,
    }),
    verify: flag({ help: "verify existing images; prepare damaged and bad ones again" }),
    part: text({
      help: "prepare only part I of N, 0 to N - 1, while other processes prepare the rest; run it without to merge",
      pattern: /^\d{1,6}\/\d{1,6}$/,
      allowed: "I/N, such as 0/4",
      placeholder: "I/N",
    }),
    parts: integer({ min: 1, max: 10_000, help: "with --slurm: number of parts; by default one a file, up to 64" }),
    ...SLURM_OPTIONS,
  },
};

type Values = OptionValues<typeof SPEC.options>;

/** Runs the command with these arguments; returns its exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const { values, given } = parseArguments(SPEC, args);
  if (values.data === undefined && !isDigits(values.dataset)) {
    throw new UsageError("--data is required; only --dataset mnist-pairs and polymnist need none");
  }
  const part = partOf(values);
  const stop = stopSignals("saving what is prepared");
  try {
    const index = await openDataset({ ...datasetOptions(values, values.data), signal: stop.signal });
    if (values.slurm) await writePrepareJobs(index, { values: { ...values, cacheDir: cacheOf(values) }, given });
    else await prepare(index, { values, part, signal: stop.signal });
    return 0;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    console.error("stopped; run the same command again to resume");
    return stop.exitCode;
  }
}

/** @throws {UsageError} if the flags about parts do not go together. */
function partOf(values: Values): CachePart | undefined {
  requireSlurm(values);
  if (values.parts !== undefined && !values.slurm) {
    throw new UsageError("--parts is for jobs: give --slurm too, or prepare one part with --part I/N");
  }
  if (values.part === undefined) return undefined;
  if (values.slurm) throw new UsageError("--slurm writes a job for every part: leave out --part, or give --parts");
  if (values.verify) throw new UsageError("--verify is for the whole cache: leave it out, or leave out --part");
  const [index, count] = values.part.split("/").map(Number) as [number, number];
  if (index >= count) throw new UsageError(`--part ${values.part} does not exist: the first of N is 0, the last N - 1`);
  return { index, count };
}

function cacheOf({ cache }: Values): string {
  return cache ?? "cache";
}

async function prepare(
  index: StudyIndex,
  { values, part, signal }: { values: Values; part: CachePart | undefined; signal: AbortSignal },
): Promise<void> {
  let progress: Progress | undefined;
  try {
    const pixels = await preparePixels(index, {
      cacheDir: cacheOf(values),
      imageSize: values.imageSize,
      verify: values.verify,
      timeout: 1000 * values.decodeTimeout,
      signal,
      ...(part === undefined ? {} : { part }),
      ...(values.workers === undefined ? {} : { workers: values.workers }),
      ...(values.imageMemory === undefined ? {} : { imageMemory: values.imageMemory * 2 ** 20 }),
      measureDecode: measureFastDecode,
      onWait: sayWaiting,
      onPlan: (plan) => {
        console.error(describePlan(plan));
        if (plan.missing > 0) progress = startProgress("preparing", { total: plan.missing });
      },
      onProgress: ({ done, imagesPerSecond, skipped }) =>
        progress?.update(done, { "images/s": imagesPerSecond.toFixed(1), skipped: String(skipped) }),
    });
    progress?.stop();
    for (const { step, reason, count, examples, kept } of dropEntries(index, pairStudies(index))) {
      if (step === "views" || step === "pairs") continue;
      const what = kept === true ? "noted" : "skipped";
      console.error(printable(`${what}: ${reason}: ${count}, for example ${examples.join("; ")}`));
    }
    if (part !== undefined) {
      console.error(`part ${part.index}/${part.count} is prepared; once all are, run \`prepare\` without --part`);
    }
    console.log(pixels.directory);
  } finally {
    progress?.stop();
  }
}

function describePlan({ directory, images, missing, bytesNeeded, bytesFree }: PreparePlan): string {
  const free = bytesFree === undefined ? "" : `, ${megabytes(bytesFree)} are free`;
  return `${images} images, ${missing} to prepare: ${megabytes(bytesNeeded)} in ${directory}${free}`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toLocaleString("en", { maximumFractionDigits: 1 })} MiB`;
}

if (import.meta.main) await runCli(main);
