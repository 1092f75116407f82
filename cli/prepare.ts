/**
 * `deno task prepare --data DIR --image-size S`: decodes, crops, resizes and equalises the images once and caches them
 * on disk.
 *
 * @module
 */
import { dropEntries, openDataset, pairStudies, preparePixels, type PreparePlan } from "../data/mod.ts";
import { DATA_OPTIONS, datasetOptions } from "./options/run_options.ts";
import { printable, UsageError } from "./terminal/errors.ts";
import { flag, integer, number, parseArguments, path } from "./options/options.ts";
import { type Progress, startProgress } from "./terminal/progress.ts";
import { runCli } from "./terminal/run_cli.ts";
import { sayWaiting } from "./run/run_output.ts";
import { stopSignals } from "./terminal/stop_signals.ts";

const SPEC = {
  name: "prepare",
  summary: "Decodes, crops, resizes and equalises the images of a data set. Resumes if interrupted.",
  options: {
    ...DATA_OPTIONS,
    data: path({ help: "data directory (none for mnist-pairs)", placeholder: "dir" }),
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
  },
};

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArguments(SPEC, args);
  if (values.data === undefined && values.dataset !== "mnist-pairs") {
    throw new UsageError("--data is required; only --dataset mnist-pairs needs none");
  }
  const stop = stopSignals("saving what is prepared");
  const index = await openDataset({ ...datasetOptions(values, values.data), signal: stop.signal });
  let progress: Progress | undefined;
  try {
    const pixels = await preparePixels(index, {
      cacheDir: values.cache ?? "cache",
      imageSize: values.imageSize,
      verify: values.verify,
      timeout: 1000 * values.decodeTimeout,
      signal: stop.signal,
      ...(values.workers === undefined ? {} : { workers: values.workers }),
      ...(values.imageMemory === undefined ? {} : { imageMemory: values.imageMemory * 2 ** 20 }),
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
    console.log(pixels.directory);
    return 0;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    console.error("stopped; run the same command again to resume");
    return stop.exitCode;
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
