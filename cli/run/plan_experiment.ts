/**
 * What an experiment would take on this machine: disk, memory, dispatches and hours, before anyone spends days on it.
 *
 * @module
 */
import { statfsSync } from "node:fs";
import { UsageError } from "../terminal/errors.ts";
import {
  type DatasetName,
  detectDataset,
  imagesOfPairs,
  isDigits,
  openDataset,
  pairsOfSplit,
  pairStudies,
  Vocabulary,
} from "../../data/mod.ts";
import { cacheDirectory, manifestFor } from "../../data/cache/manifest.ts";
import { PreparedPixels } from "../../data/cache/prepared_pixels.ts";
import {
  baseOf,
  costKey,
  type Experiment,
  pendingJobs,
  probeStep,
  type RunJob,
  type ScaleName,
  type StepProbe,
  stepsOf,
  type TableData,
  TRAINING_SHARE,
  wholeData,
} from "../../experiments/mod.ts";
import { Device } from "../../runtime/mod.ts";
import { datasetOptionsOf, neededData, type RunConfig, withTexts } from "../../training/mod.ts";
import { CACHE } from "./phantom_data.ts";

/** What to plan. */
export interface ExperimentPlanOptions {
  readonly experiment: Experiment;
  readonly scale: ScaleName;
  /** Kind of the data set; detected if omitted. */
  readonly dataset?: DatasetName | undefined;
  /** Folder of the data set; none for those that come with the packages. */
  readonly root?: string | undefined;
  /** Steps to measure. */
  readonly steps: number;
  /** Seconds after which no further steps of a run are measured. */
  readonly seconds: number;
  /** Measure every method, instead of one of each kind. */
  readonly each: boolean;
  /** Folder of the experiments' runs, of which those done are left out. */
  readonly runs: string;
  readonly onProgress: (message: string) => void;
}

/** The runs of an experiment that cost the same by the step. */
interface Group {
  readonly config: RunConfig;
  readonly data: TableData;
  readonly methods: Set<string>;
  steps: number;
  runs: number;
}

/** Plans the runs that are not done, and returns lines of a name and what it takes. */
export async function planExperiment(options: ExperimentPlanOptions): Promise<[string, string][]> {
  const { experiment, scale, runs, onProgress } = options;
  const dataset = options.dataset ?? (options.root === undefined ? "phantoms" : detectDataset(options.root));
  const parts = experiment.parts(contextOf({ ...options, dataset }));
  if (parts.length === 0) {
    throw new UsageError(
      `${experiment.name} draws phantoms of several kinds itself, of which --data names one: plan table, whose arms ` +
        "are its base",
    );
  }
  const [jobs, all] = [await pendingJobs(parts, { root: runs }), await pendingJobs(parts, { root: runs, all: true })];
  onProgress(
    `${experiment.name} at scale ${scale} on ${dataset}: ${all.length} runs, ${all.length - jobs.length} done`,
  );
  const opened = new Map<string, TableData>();
  const groups = new Map<string, Group>();
  for (const { plan } of jobs) {
    const data = await tablesOf(plan.config, opened);
    const key = costKey(plan.config, { data, byMethod: options.each });
    const group = groups.get(key) ?? { config: plan.config, data, methods: new Set<string>(), steps: 0, runs: 0 };
    groups.set(key, group);
    group.methods.add(plan.config.model.method);
    group.steps += stepsOf(plan, data);
    group.runs++;
  }
  using device = await Device.open();
  onProgress(`adapter: ${device.description}, kernels for ${device.target.profile}`);
  const probed: { group: Group; probe: StepProbe }[] = [];
  for (const group of groups.values()) {
    onProgress(`measuring ${group.config.model.method}: up to ${options.steps} steps`);
    const { config, data } = group;
    const probe = await probeStep(device, { config, data, steps: options.steps, seconds: options.seconds });
    probed.push({ group, probe });
  }
  return [...dataLines(jobs, opened), ...await diskLines(jobs, { opened, probed }), ...costLines(probed)];
}

function contextOf({ scale, dataset, root }: Pick<ExperimentPlanOptions, "scale" | "root"> & { dataset: DatasetName }) {
  const on = (wanted: DatasetName) => {
    const place = wanted === dataset ? root : undefined;
    if (place === undefined && !isDigits(wanted)) {
      throw new UsageError(
        `--scale needs the tables of ${wanted}: give its folder by --data (of phantoms, that which ` +
          "`deno task phantoms` drew)",
      );
    }
    return baseOf(wanted, { scale, root: place });
  };
  return { scale, on, base: on(dataset) };
}

/** The tables that a run needs, with texts if it has a view of them; no image is read. */
async function tablesOf(config: RunConfig, opened: Map<string, TableData>): Promise<TableData> {
  const { data, texts } = neededData(config);
  const whole = wholeData(data);
  const key = JSON.stringify([whole, texts]);
  const known = opened.get(key);
  if (known !== undefined) return known;
  const index = await openDataset({ ...datasetOptionsOf(whole), texts: texts !== false });
  const tables = { index, pairs: pairStudies(index) };
  const train = new Set(pairsOfSplit(index, tables.pairs, "train").study);
  const vocabulary = Vocabulary.build([...train].flatMap((study) => index.texts?.get(study) ?? []));
  const made = await withTexts(tables, { config, directory: "", create: false, vocabulary });
  opened.set(key, made);
  return made;
}

function dataLines(jobs: readonly RunJob[], opened: ReadonlyMap<string, TableData>): [string, string][] {
  if (jobs.length === 0) return [];
  return [...opened.values()].map(({ index, pairs }) => {
    const train = pairsOfSplit(index, pairs, "train");
    const studies = new Set(pairs.study).size;
    return [
      "data",
      `${index.dataset}: ${whole(studies)} studies, ${whole(pairs.count)} pairs (${whole(train.count)} to train on), ` +
      `${whole(imagesOfPairs(index).length)} images`,
    ];
  });
}

/** The caches of prepared images, of which some may be there, and the checkpoints that runs keep. */
async function diskLines(
  jobs: readonly RunJob[],
  { opened, probed }: { opened: Map<string, TableData>; probed: readonly { group: Group; probe: StepProbe }[] },
): Promise<[string, string][]> {
  const sizes = new Map<string, { data: TableData; imageSize: number }>();
  for (const { plan: { config } } of jobs) {
    const data = await tablesOf(config, opened);
    const { imageSize } = config.model;
    sizes.set(JSON.stringify([wholeData(config.data), imageSize]), { data, imageSize });
  }
  const caches = [...sizes.values()].map(({ data, imageSize }) => {
    const images = imagesOfPairs(data.index).length;
    const ready = readyImages(data, imageSize);
    return { bytes: images * imageSize ** 2, left: (images - Math.min(images, ready)) * imageSize ** 2 };
  });
  const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
  const [bytes, left] = [sum(caches.map(({ bytes }) => bytes)), sum(caches.map(({ left }) => left))];
  // A run keeps its last checkpoint, and has two while it writes the next one.
  const kept = sum(probed.map(({ group, probe }) => group.runs * probe.checkpointBytes));
  const writing = Math.max(0, ...probed.map(({ probe }) => probe.checkpointBytes));
  const { bavail, bsize } = statfsSync(".");
  return [
    [
      "disk",
      `${size(bytes)} of prepared images (${size(left)} still to write), ${size(kept + writing)} of checkpoints`,
    ],
    ["free here", `${size(bavail * bsize)}${left + kept + writing > bavail * bsize ? ", which is TOO LITTLE" : ""}`],
  ];
}

/** Number of images in the cache; reads its index only. */
function readyImages({ index, pairs }: TableData, imageSize: number): number {
  const manifest = manifestFor(index, imageSize);
  const directory = cacheDirectory(CACHE, manifest);
  try {
    Deno.statSync(directory);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
  using pixels = PreparedPixels.withShards(directory, manifest, { ignoreDamaged: true });
  return [...new Set(pairs.images)].filter((image) => image >= 0 && pixels.isReady(image)).length;
}

function costLines(probed: readonly { group: Group; probe: StepProbe }[]): [string, string][] {
  const lines = probed.map(({ group, probe }): [string, string] => {
    const methods = [...group.methods].join(", ");
    const { batchSize } = group.config.training;
    return [
      `${group.config.model.method}, measured`,
      `${milliseconds(probe.seconds)} a step of ${batchSize} pairs (${probe.steps} steps), ${probe.dispatches} ` +
      `dispatches, ${size(probe.gpuBytes)} of GPU memory; for ${group.runs} runs (${methods}) of ${
        whole(Math.round(group.steps / group.runs))
      } steps`,
    ];
  });
  const steps = probed.reduce((sum, { group }) => sum + group.steps, 0);
  const dispatches = probed.reduce((sum, { group, probe }) => sum + group.steps * probe.dispatches, 0);
  const seconds = probed.reduce((sum, { group, probe }) => sum + group.steps * probe.seconds, 0);
  const memory = Math.max(0, ...probed.map(({ probe }) => probe.gpuBytes));
  const measuring = seconds * (1 / TRAINING_SHARE - 1);
  return [
    ...lines,
    ["GPU memory", `${size(memory)} at most, for one run at a time`],
    ["process memory", `${size(Deno.memoryUsage().rss)} now, with the tables`],
    ["work", `${whole(steps)} steps, ${whole(dispatches)} dispatches`],
    ["time", `${hours(seconds)} of training and about ${hours(measuring)} of measuring, one run after the other`],
  ];
}

function whole(number: number): string {
  return number.toLocaleString("en");
}

function hours(seconds: number): string {
  if (seconds < 5400) return `${Math.ceil(seconds / 60)} min`;
  const days = seconds > 48 * 3600 ? ` (${(seconds / 86_400).toFixed(1)} days)` : "";
  return `${(seconds / 3600).toFixed(1)} hours${days}`;
}

function milliseconds(seconds: number): string {
  return seconds < 10 ? `${(1000 * seconds).toFixed(0)} ms` : `${seconds.toFixed(1)} s`;
}

function size(bytes: number): string {
  const units = ["bytes", "KB", "MB", "GB", "TB"];
  const unit = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${(bytes / 1000 ** unit).toFixed(unit === 0 ? 0 : 1)} ${units[unit]}`;
}
