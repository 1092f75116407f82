/**
 * Evaluates a run: encodes the data with its last valid checkpoint, applies the protocol and writes `results.json`
 * and the model card.
 *
 * @module
 */
import { DataError } from "../../base/errors.ts";
import { describeIndex } from "../../data/mod.ts";
import { ClassifierInference, EncoderInference, methodKind, methodTitle, VaeInference } from "../../models/mod.ts";
import type { EvaluatedLatents } from "../protocol/evaluate_latents.ts";
import type { StudyTable, ViewLatents } from "../protocol/study_table.ts";
import { FLOORS } from "../floors/floors.ts";
import { scoreLabelSets } from "../protocol/label_sets.ts";
import { withSubgroups } from "../protocol/subgroups.ts";
import { compareResults } from "../results/compare_results.ts";
import { writeResults } from "../results/results_file.ts";
import { type Pictures, type Projection, type Results, RESULTS_VERSION, type RunRecord } from "../results/results.ts";
import { describeTextView } from "./describe_text_view.ts";
import type { EvaluateRunOptions } from "./evaluate_run_options.ts";
import { encodeViews, probeLatents, protocolOf } from "./probe_latents.ts";
import { evaluateFloors, floorRecord } from "../floors/evaluate_floors.ts";
import { evaluateClassifier } from "./evaluate_classifier.ts";
import { writeModelCard } from "./model_card.ts";
import { trainingRecord } from "./training_record.ts";
import { drawAugmentations } from "./augmentation_pictures.ts";
import { isSynthetic } from "./is_synthetic.ts";
import { drawPictures } from "./pictures.ts";
import { measureGenerative } from "../generative/measure_generative.ts";
import { openRunJudge } from "../generative/run_judge.ts";
import type { Generative } from "../results/generative_record.ts";
import { alphaSchedule } from "../../training/annealing.ts";
import { acceptedChanges } from "../../training/run/run_data_record.ts";
import { type Restored, restoreRun } from "../../training/run/run_checkpoint.ts";
import { requireEvaluable } from "../../training/data/require_evaluable.ts";
import { runPaths } from "../../training/run/run_directory.ts";
import { classifierConfig, encodersConfig, vaeConfig } from "../../training/run_trainer.ts";
import { withTexts } from "../../training/data/run_texts.ts";
import { viewsOfRun } from "../../training/data/run_views.ts";

/** The evaluation-dependent part of the results. */
interface Evaluated extends EvaluatedLatents {
  readonly title: string;
  /** Records of the evaluated runs, the run itself first. */
  readonly runs: RunRecord[];
  readonly pictures: Pictures[];
  readonly projections: Projection[];
  readonly generative?: Generative;
}

/** The evaluation of encoders, and what it was made from. */
interface EvaluatedEncoders extends Evaluated {
  readonly table: StudyTable;
  readonly latents: readonly ViewLatents[];
  /** Step of the checkpoint. */
  readonly step: number;
}

/**
 * Encodes all splits, trains the probes, scores the test split and writes `results.json` and the model card. A
 * supervised classifier scores the splits itself.
 *
 * @throws {DataError} if the run has no checkpoint or the data have no test studies.
 */
export async function evaluateRun(options: EvaluateRunOptions): Promise<Results> {
  const results = await measureRun(options);
  const { config, directory } = options;
  await writeResults(runPaths(directory).results, results);
  await writeModelCard(directory, { config, results: [results] });
  return results;
}

/**
 * Like {@linkcode evaluateRun}, but writes nothing.
 *
 * @throws {DataError} if the run has no checkpoint or the data have no test studies.
 */
export async function measureRun(given: EvaluateRunOptions): Promise<Results> {
  const { config, directory } = given;
  requireEvaluable(config, given.data);
  const data = await withTexts(given.data, { config, directory, create: false });
  const options = { ...given, data };
  const synthetic = await isSynthetic(options);
  const pictured = (options.pictures ?? false) && synthetic;
  const evaluated = await evaluateByKind({ ...options, pictures: pictured });
  const { title, runs, cases, pictures, projections } = evaluated;
  const bootstrap = { workers: given.workers, ...given.bootstrap };
  const grouped = await withSubgroups(evaluated.evaluations, {
    cases,
    studyIds: data.index.studies.ids,
    demographics: data.index.demographics,
    bootstrap,
  });
  const { evaluations, agreement } = await scoreLabelSets(grouped, { index: data.index, cases, bootstrap });
  const views = viewsOfRun(config, data);
  const textView = describeTextView(data, views);
  const augmentations = pictured ? await drawAugmentations(options.device, { config, data, views }) : [];
  const results: Results = {
    schema: "mmvm-results",
    version: RESULTS_VERSION,
    title: `${config.name}: ${title}`,
    createdAt: new Date().toISOString(),
    data: {
      ...describeIndex(data.index, { pairs: data.pairs, imageSize: config.model.imageSize }),
      synthetic,
      ...(textView ? { textView } : {}),
      ...(agreement ? { labelAgreement: agreement } : {}),
    },
    runs,
    cases,
    evaluations,
    comparisons: [],
    pictures,
    projections,
    ...(evaluated.generative ? { generative: [evaluated.generative] } : {}),
    ...(augmentations.length > 0 ? { augmentations } : {}),
  };
  if (runs.length > 1) {
    // With all floors, the run's method is compared with each of them.
    const baseline = options.floors ? {} : { baseline: "untrained" };
    results.comparisons.push(...await compareResults([results], { ...baseline, ...options.bootstrap }));
  }
  return results;
}

async function evaluateByKind(options: EvaluateRunOptions): Promise<Evaluated> {
  const { config, data, device } = options;
  const { training: { batchSize, seed, precision = "f32" } } = config;
  const kind = methodKind(config.model.method);
  if (options.generative && kind !== "vae") {
    throw new DataError(
      `${options.directory} is a run of ${config.model.method}, which has no decoder and generates nothing to ` +
        "measure: give --generative with a run of a VAE",
    );
  }
  if (kind === "classifier") return await evaluateSupervised(options);
  const views = viewsOfRun(config, data);
  const open = { batchSize, seed, precision };
  if (kind === "alignment") {
    using encoders = await EncoderInference.open(device, { ...open, config: encodersConfig(config, views, data) });
    return await evaluateEncoders(encoders, options);
  }
  using judge = options.generative ? await openRunJudge({ ...options, views }) : undefined;
  using model = VaeInference.open(device, { ...open, config: vaeConfig(config, views, data) });
  const evaluated = await evaluateEncoders(model, options);
  const { pictures = false } = options;
  const alpha = alphaSchedule(config.training)(Math.max(0, evaluated.step - 1));
  const generated = {
    ...options,
    ...evaluated,
    decodedOnly: options.generative === "decoded",
    run: config.name,
    model,
    views,
    judge,
    alpha,
    seed,
    pictures,
  };
  return {
    ...evaluated,
    pictures: pictures ? await drawPictures(model, { run: config.name, data, views }) : [],
    ...(judge ? { generative: await measureGenerative({ ...generated, judge }) } : {}),
  };
}

/** Probes the latents of a VAE or of encoders alone, trained and, if asked to, untrained. */
async function evaluateEncoders(
  model: VaeInference | EncoderInference,
  options: EvaluateRunOptions,
): Promise<EvaluatedEncoders> {
  const { config, data } = options;
  const { training } = config;
  const views = viewsOfRun(config, data);
  const floors = training.noEvaluation ? [] : options.floors ? FLOORS : options.untrained ? ["untrained" as const] : [];
  const untrained = floors.length > 0 ? await encodeViews(model, { ...options, views, state: "untrained" }) : [];
  const restored = await restore(model, options);
  const trained = await probeLatents(model, { ...options, views });
  const below = await evaluateFloors({
    ...options,
    model,
    views,
    floors,
    latents: { trained: trained.latents, untrained },
    protocol: protocolOf({ ...options, views }),
  });
  const seconds = {
    ...options.seconds,
    train: restored.seconds,
    encode: trained.encodeSeconds,
    probe: trained.probeSeconds,
  };
  const run = await runRecord(model.parameters.count, { ...options, seconds, restored });
  return {
    title: methodTitle(config.model.method),
    runs: [run, ...floors.flatMap((floor) => floorRecord(run, { floor, evaluations: below }))],
    cases: trained.cases,
    evaluations: [...trained.evaluations, ...below],
    pictures: [],
    projections: trained.projections,
    table: trained.table,
    latents: trained.latents,
    step: restored.step,
  };
}

async function evaluateSupervised(options: EvaluateRunOptions): Promise<Evaluated> {
  if (options.floors) {
    throw new DataError(
      `${options.directory} is a run of ${options.config.model.method}, a classifier without latents: ask for floors ` +
        "with a run of a VAE on the same data, whose latents determine their dimensions",
    );
  }
  if (options.config.training.noEvaluation) return await describeClassifier(options);
  const started = performance.now();
  let restored: Restored | undefined;
  const { parameterCount, ...scored } = await evaluateClassifier({
    ...options,
    restore: async (model) => {
      restored = await restore(model, options);
    },
  });
  const score = (performance.now() - started) / 1000;
  const seconds = { ...options.seconds, train: restored!.seconds, score };
  const run = await runRecord(parameterCount, { ...options, seconds, restored: restored! });
  return { ...scored, title: "supervised classifier", runs: [run], pictures: [], projections: [] };
}

/** The record of a classifier that is not to be scored. */
async function describeClassifier(options: EvaluateRunOptions): Promise<Evaluated> {
  const { config, data, device } = options;
  using model = await ClassifierInference.open(device, {
    config: classifierConfig(config, data),
    batchSize: config.training.batchSize,
    precision: config.training.precision ?? "f32",
  });
  const restored = await restore(model, options);
  const seconds = { ...options.seconds, train: restored.seconds };
  const run = await runRecord(model.parameters.count, { ...options, seconds, restored });
  return { title: "supervised classifier", runs: [run], cases: [], evaluations: [], pictures: [], projections: [] };
}

/** Loads the parameters of a checkpoint of the run into a model. */
async function restore(
  model: Pick<VaeInference, "write">,
  { config, directory, checkpoint = "last", onWarning }: EvaluateRunOptions,
): Promise<Restored> {
  const found = await restoreRun(model, {
    paths: runPaths(directory),
    config,
    which: checkpoint,
    required: true,
    ...(onWarning ? { onWarning } : {}),
  });
  return found!;
}

async function runRecord(
  parameterCount: number,
  options: EvaluateRunOptions & { seconds: Readonly<Record<string, number>>; restored: Restored },
): Promise<RunRecord> {
  const { config, directory, device, restored, checkpoint = "last" } = options;
  const accepted = await acceptedChanges(directory);
  return {
    name: config.name,
    method: config.model.method,
    seed: config.training.seed,
    createdAt: new Date().toISOString(),
    commands: [...options.commands],
    config: { ...config, ...(accepted.length > 0 ? { acceptedDataChanges: accepted } : {}) },
    versions: { ...options.versions },
    adapter: { description: device.description, profile: device.target.profile },
    seconds: { ...options.seconds },
    parameters: parameterCount,
    ...await trainingRecord(directory, config),
    checkpoint: { which: checkpoint, step: restored.step },
  };
}
