/**
 * `deno task views --data DIR`: learns to tell frontal from lateral images from those whose view position is known, and
 * writes a table of the views of all images, for `--views-file`.
 *
 * @module
 */
import { writeFileAtomic } from "../base/atomic_file.ts";
import { isDigits, openDataset, preparePixels, type StudyIndex } from "../data/mod.ts";
import {
  classifyViews,
  type ViewAccuracy,
  viewAccuracy,
  type ViewImages,
  viewImages,
  viewsTable,
} from "../eval/mod.ts";
import { measureFastDecode } from "../phantoms/measure_fast_decode.ts";
import { Device } from "../runtime/mod.ts";
import { integer, parseArguments, path } from "./options/options.ts";
import { DATA_OPTIONS, datasetOptions } from "./options/run_options.ts";
import { sayWaiting } from "./run/run_output.ts";
import { printable, UsageError, UserError } from "./terminal/errors.ts";
import { userPath } from "./terminal/paths.ts";
import { startProgress } from "./terminal/progress.ts";
import { runCli } from "./terminal/run_cli.ts";
import { stopSignals } from "./terminal/stop_signals.ts";
import { formatTable } from "./terminal/table.ts";

const { viewsFile: _, ...READING } = DATA_OPTIONS;

const SPEC = {
  name: "views",
  summary: "Learns the views of images from those whose view position is known, and writes those of all images.",
  options: {
    data: path({ help: "data directory", placeholder: "dir" }),
    out: path({ help: "table to write; views.csv where you are by default", placeholder: "file" }),
    imageSize: integer({ min: 8, max: 256, help: "size of the images in pixels, a multiple of 4", default: 64 }),
    steps: integer({ min: 1, max: 1_000_000, help: "training steps; by default three passes, and at least 400" }),
    seed: integer({
      min: 0,
      max: 2 ** 31 - 1,
      help: "random seed of the held-out patients and the training",
      default: 1,
    }),
    cache: path({ help: "cache directory (default cache)", placeholder: "dir" }),
    ...READING,
  },
};

/** Runs the command with these arguments; returns its exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArguments(SPEC, args);
  const { data, imageSize, seed } = values;
  if (data === undefined) throw new UsageError("--data DIR is required: the data set whose views are classified");
  if (isDigits(values.dataset)) throw new UsageError(`${values.dataset} has no views that are not known`);
  if (imageSize % 4 !== 0) throw new UsageError(`--image-size must be a multiple of 4, not ${imageSize}`);
  const out = values.out ?? userPath("views.csv");
  const stop = stopSignals("stopping without writing");
  try {
    const index = await openDataset({
      ...datasetOptions({ ...values, viewsFile: undefined }, data),
      signal: stop.signal,
    });
    using pixels = await prepare(index, { cacheDir: values.cache ?? "cache", imageSize, signal: stop.signal });
    const views = viewImages(index, { seed });
    console.log(describe(views));
    const learned = views.parts.filter((part) => part === "train").length;
    const steps = values.steps ?? Math.max(400, Math.ceil(3 * learned / 64));
    using device = await Device.open();
    using progress = startProgress("learning and classifying", { total: steps + Math.ceil(views.images.length / 64) });
    const probabilities = await classifyViews(device, views, {
      pixels,
      seed,
      steps,
      signal: stop.signal,
      onProgress: ({ done }) => progress.update(done),
    });
    progress.stop();
    const accuracy = viewAccuracy(views, probabilities);
    await writeFileAtomic(out, viewsTable(index, views, { probabilities, accuracy }));
    print(index, views, accuracy);
    console.log(printable(out));
    return 0;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    return stop.exitCode;
  }
}

async function prepare(index: StudyIndex, options: { cacheDir: string; imageSize: number; signal: AbortSignal }) {
  if (!index.source.hasImages) throw new UserError("there are no image files, so views cannot be learned");
  const kept = Array.from({ length: index.images.count }, (_, image) => image).filter((image) => index.isKept(image));
  let progress: ReturnType<typeof startProgress> | undefined;
  try {
    return await preparePixels(index, {
      ...options,
      images: kept,
      measureDecode: measureFastDecode,
      onWait: sayWaiting,
      onPlan: ({ missing }) => {
        if (missing > 0) progress = startProgress("preparing", { total: missing });
      },
      onProgress: ({ done }) => progress?.update(done),
    });
  } finally {
    progress?.stop();
  }
}

function describe({ parts }: ViewImages): string {
  const count = (wanted: string) => parts.filter((part) => part === wanted).length.toLocaleString("en");
  return `${count("train")} labelled images to learn from, ${count("held-out")} of held-out patients, ` +
    `${count("blank")} without a view position`;
}

function describeShare({ share, interval: [low, high], right, count }: ViewAccuracy["all"]): string {
  const interval = `95 % interval ${low.toFixed(4)} to ${high.toFixed(4)}`;
  return `${share.toFixed(4)} (${interval}), ${right} of ${count} images`;
}

function print(index: StudyIndex, { classes, images }: ViewImages, result: ViewAccuracy): void {
  const { all, ofViews, confusion, blank, suspicious } = result;
  console.log(`accuracy on held-out patients: ${describeShare(all)}`);
  console.log(`of those labelled ${classes.slice(0, -1).join(" or ")}: ${describeShare(ofViews)}`);
  const rows = classes.map((name, i) => [name, ...confusion[i]!]);
  console.log(formatTable(["labelled", ...classes.map((name) => `called ${name}`)], rows).trimEnd());
  console.log(`without a view position: ${classes.map((name, i) => `${blank[i]} ${name}`).join(", ")}`);
  const examples = suspicious.slice(0, 5).map((i) => index.source.name(images[i]!)).join("; ");
  console.log(printable(
    `labelled otherwise with confidence: ${suspicious.length}${
      suspicious.length > 0 ? `, for example ${examples}` : ""
    }`,
  ));
}

if (import.meta.main) await runCli(main);
