/**
 * Evaluating a run: its last good checkpoint, encoded and probed by the protocol, as `results.json`.
 *
 * @module
 */
import { describeIndex } from "../../data/mod.ts";
import { VaeTrainer } from "../../models/mod.ts";
import type { Device } from "../../runtime/mod.ts";
import { type EvaluatedLatents, evaluateLatents, type LatentEvaluation } from "../protocol/evaluate_latents.ts";
import { studyTable } from "../protocol/study_table.ts";
import { projectLatents } from "../protocol/projection.ts";
import { compareResults } from "../compare_results.ts";
import { writeResults } from "../results_file.ts";
import { type Projection, type Results, RESULTS_VERSION, type RunRecord } from "../results_schema.ts";
import { encodePairs } from "./encode_pairs.ts";
import { drawPictures } from "./pictures.ts";
import { restoreRun } from "./run_checkpoint.ts";
import type { RunConfig } from "./run_config.ts";
import type { RunData } from "./run_data.ts";
import { readMetricsFile, runPaths } from "./run_directory.ts";

/** How to evaluate. */
export interface EvaluateRunOptions
  extends Pick<LatentEvaluation, "probe" | "labelledFractions" | "probeSeeds" | "bootstrap" | "workers"> {
  readonly config: RunConfig;
  readonly directory: string;
  readonly data: RunData;
  readonly device: Device;
  /** Also evaluate the same encoders with their initial, random parameters: what the probe alone can do. */
  readonly untrained?: boolean;
  /** Keep pictures (reconstructions and translations of test pairs); only where they show no patient. */
  readonly pictures?: boolean;
  /** Seconds by stage so far. */
  readonly seconds?: Readonly<Record<string, number>>;
  /** Command lines that repeat the run. */
  readonly commands: readonly string[];
  readonly versions: Readonly<Record<string, string>>;
  readonly onProgress?: (progress: { stage: string; done: number; total: number }) => void;
  readonly onWarning?: (message: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * Encodes all splits, trains the probes, scores the test split and writes `results.json`.
 *
 * @throws {DataError} where the run has no checkpoint, or there is nothing to test on.
 */
export async function evaluateRun(options: EvaluateRunOptions): Promise<Results> {
  const { config, directory, data, device } = options;
  const { training, model } = config;
  const paths = runPaths(directory);
  using trainer = await VaeTrainer.create(device, {
    config: { ...model, views: [...data.index.views] },
    batchSize: training.batchSize,
    seed: training.seed,
    missingViews: config.data.pairs === "all-combinations-missing",
  });
  const untrained = options.untrained
    ? await probeLatents(trainer, { ...options, name: `${config.name}-untrained` })
    : undefined;
  const restored = await restoreRun(trainer, {
    paths,
    config,
    required: true,
    ...(options.onWarning ? { onWarning: options.onWarning } : {}),
  });
  const trained = await probeLatents(trainer, { ...options, name: config.name });
  const seconds = {
    ...options.seconds,
    train: restored!.seconds,
    encode: trained.encodeSeconds,
    probe: trained.probeSeconds,
  };
  const run = await runRecord(trainer, { ...options, seconds });
  const results: Results = {
    schema: "mmvm-results",
    version: RESULTS_VERSION,
    title: `${config.name}: ${trainer.vae.method.title}`,
    createdAt: new Date().toISOString(),
    data: describeIndex(data.index, { pairs: data.pairs, imageSize: model.imageSize }),
    runs: untrained ? [run, untrainedRecord(run)] : [run],
    cases: trained.cases,
    evaluations: [...trained.evaluations, ...(untrained?.evaluations ?? [])],
    comparisons: [],
    pictures: options.pictures && data.index.synthetic ? await drawPictures(trainer, { run: config.name, data }) : [],
    projections: trained.projections,
  };
  if (untrained) {
    results.comparisons.push(...await compareResults([results], { baseline: "untrained", ...options.bootstrap }));
  }
  await writeResults(paths.results, results);
  return results;
}

interface Probed extends EvaluatedLatents {
  readonly projections: Projection[];
  readonly encodeSeconds: number;
  readonly probeSeconds: number;
}

async function probeLatents(trainer: VaeTrainer, options: EvaluateRunOptions & { name: string }): Promise<Probed> {
  const { config, data, name } = options;
  const started = performance.now();
  const views = await encodePairs({
    trainer,
    data,
    pairs: data.pairs,
    batchSize: config.training.batchSize,
    onProgress: ({ done, total }) => options.onProgress?.({ stage: "encoding", done, total }),
    ...(options.signal ? { signal: options.signal } : {}),
  });
  const encoded = performance.now();
  const table = studyTable(data.index, data.pairs);
  const evaluated = await evaluateLatents({
    run: { name, method: name === config.name ? config.model.method : "untrained", seed: config.training.seed },
    table,
    views,
    latents: "unimodal",
    exclusive: data.index.dataset === "mnist-pairs",
    ...(options.probe ? { probe: options.probe } : {}),
    ...(options.labelledFractions ? { labelledFractions: options.labelledFractions } : {}),
    ...(options.probeSeeds ? { probeSeeds: options.probeSeeds } : {}),
    ...(options.bootstrap ? { bootstrap: options.bootstrap } : {}),
    ...(options.workers ? { workers: options.workers } : {}),
    onProgress: ({ done, total }) => options.onProgress?.({ stage: "probing", done, total }),
  });
  const projections = views.flatMap((latents) => projectLatents(latents, { run: name, table, cases: evaluated.cases }));
  return {
    ...evaluated,
    projections,
    encodeSeconds: (encoded - started) / 1000,
    probeSeconds: (performance.now() - encoded) / 1000,
  };
}

async function runRecord(
  trainer: VaeTrainer,
  options: EvaluateRunOptions & { seconds: Readonly<Record<string, number>> },
): Promise<RunRecord> {
  const { config, directory, device } = options;
  const lines = await readMetricsFile(runPaths(directory).metrics);
  const column = (name: "step" | "loss" | "reconstruction" | "kl" | "alpha" | "studiesPerSecond") =>
    lines.map((line) => line[name]);
  return {
    name: config.name,
    method: config.model.method,
    seed: config.training.seed,
    createdAt: new Date().toISOString(),
    commands: [...options.commands],
    config: { ...config },
    versions: { ...options.versions },
    adapter: { description: device.description, profile: device.target.profile },
    seconds: { ...options.seconds },
    parameters: trainer.parameters.count,
    training: {
      step: column("step"),
      loss: column("loss"),
      reconstruction: column("reconstruction"),
      kl: column("kl"),
      alpha: column("alpha"),
      studiesPerSecond: column("studiesPerSecond"),
    },
  };
}

function untrainedRecord(run: RunRecord): RunRecord {
  const none = { step: [], loss: [], reconstruction: [], kl: [], alpha: [], studiesPerSecond: [] };
  return { ...run, name: `${run.name}-untrained`, method: "untrained", training: none };
}
