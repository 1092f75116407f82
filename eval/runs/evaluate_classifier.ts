/**
 * Evaluates a supervised classifier: its scores are averaged by study and measured like those of probes.
 *
 * @module
 */
import { batchesInOrder } from "./batches_in_order.ts";
import { isDigits, labelledSubset, pairsOfSplit, type PairTable, selectPairs, type Split } from "../../data/mod.ts";
import { DataError } from "../../base/errors.ts";
import { ClassifierInference } from "../../models/mod.ts";
import type { Device } from "../../runtime/mod.ts";
import type { BootstrapOptions } from "../metrics/bootstrap.ts";
import { meanByStudy } from "../protocol/aggregate.ts";
import type { EvaluatedLatents } from "../protocol/evaluate_latents.ts";
import { casesOf, labelOf, studiesWithLatents, type StudyTable, studyTable } from "../protocol/study_table.ts";
import { supervisedEvaluation } from "../protocol/supervised_evaluation.ts";
import type { Cases, Evaluation } from "../results/results.ts";
import type { RunConfig } from "../../training/run/run_config.ts";
import type { RunData } from "../../training/data/run_data.ts";
import { classifierConfig, presentOf } from "../../training/run_trainer.ts";
import { type RunViews, viewsOfRun } from "../../training/data/run_views.ts";

/** Options of {@linkcode evaluateClassifier}. */
export interface EvaluateClassifierOptions {
  readonly config: RunConfig;
  readonly data: RunData;
  readonly device: Device;
  /** Loads the trained parameters into the classifier. */
  readonly restore: (model: ClassifierInference) => Promise<void>;
  readonly bootstrap?: BootstrapOptions;
  readonly onProgress?: (progress: { stage: string; done: number; total: number }) => void;
  readonly signal?: AbortSignal;
}

/** Scores of one classifier, one row per pair. */
interface PairScores {
  /** Name of the view, or `ensemble` or `joint`. */
  readonly view: string;
  /** Per label, the score of each row. */
  readonly scores: readonly Float64Array[];
  /** The study of each row. */
  readonly study: Int32Array;
}

/**
 * Scores the validation and test splits and measures each classifier of the run: one per view, or one that combines the
 * views.
 */
export async function evaluateClassifier(
  options: EvaluateClassifierOptions,
): Promise<EvaluatedLatents & { parameterCount: number }> {
  const { config, data, device } = options;
  const views = viewsOfRun(config, data);
  using model = await ClassifierInference.open(device, {
    config: classifierConfig(config, data),
    batchSize: config.training.batchSize,
    precision: config.training.precision ?? "f32",
  });
  await options.restore(model);
  const scored = await scorePairs(model, { ...options, views });
  const table = studyTable(data.index, data.pairs);
  const measured = [];
  for (const each of scored) measured.push(await measure(each, { ...options, views, table }));
  return { parameterCount: model.parameters.count, ...shareCases(measured) };
}

/**
 * Shares the cases record between views with the same studies; the record with the most studies is called `test`, as
 * for probes.
 */
function shareCases(measured: readonly { evaluation: Evaluation; cases: Cases }[]): EvaluatedLatents {
  const most = measured.reduce((a, b) => (b.cases.studyIds.length > a.cases.studyIds.length ? b : a)).cases;
  const records = measured.map(({ cases }) => {
    const same = cases.studyIds.length === most.studyIds.length &&
      cases.studyIds.every((id, i) => id === most.studyIds[i]);
    return same ? { ...most, id: "test" } : cases;
  });
  return {
    evaluations: measured.map(({ evaluation }, i) => ({ ...evaluation, cases: records[i]!.id })),
    cases: [...new Map(records.map((record) => [record.id, record])).values()],
  };
}

async function scorePairs(
  model: ClassifierInference,
  options: EvaluateClassifierOptions & { views: RunViews },
): Promise<PairScores[]> {
  const { config, data: { index, texts }, views } = options;
  const { batchSize } = config.training;
  const queries = heldOut(options);
  const labels = index.labels.length;
  const { combines } = model.classifier;
  const names = combines ? [config.model.method === "supervised-joint" ? "joint" : "ensemble"] : views.names;
  const rows = names.map(() => ({ study: [] as number[], scores: index.labels.map((): number[] => []) }));
  let done = 0;
  for await (const batch of batchesInOrder(options.data, { pairs: queries, batchSize, texts })) {
    options.signal?.throwIfAborted();
    const { size, studies, present } = batch;
    const given = await model.score(batch, presentOf(batch, views));
    for (let row = 0; row < size; row++) {
      names.forEach((_, m) => {
        if (!combines && !present[m * batchSize + row]) return;
        const scores = combines ? given.combined : given.views[m]!;
        rows[m]!.study.push(studies[row]!);
        for (let label = 0; label < labels; label++) rows[m]!.scores[label]!.push(scores[row * labels + label]!);
      });
    }
    done += size;
    options.onProgress?.({ stage: "scoring", done, total: queries.count });
  }
  return rows.map(({ study, scores }, m) => ({
    view: names[m]!,
    study: Int32Array.from(study),
    scores: scores.map((values) => Float64Array.from(values)),
  }));
}

/** The pairs of the validation and test splits. */
function heldOut({ data: { index }, views: { pairs } }: { data: RunData; views: RunViews }): PairTable {
  const splits = (["validate", "test"] as const).map((split) => new Set(pairsOfSplit(index, pairs, split).study));
  return selectPairs(pairs, (pair) => splits.some((studies) => studies.has(pairs.study[pair]!)));
}

async function measure(
  { view, scores, study }: PairScores,
  options: EvaluateClassifierOptions & { views: RunViews; table: StudyTable },
): Promise<{ evaluation: Evaluation; cases: Cases }> {
  const { config, data, table } = options;
  const { labelled: fraction = 1, labelledSeed: seed = 0 } = config.training;
  const latents = { view, values: new Float32Array(), dimension: 0, study };
  const studiesOf = (split: Split) => studiesWithLatents(table, latents, split);
  const [validation, test] = [studiesOf("validate"), studiesOf("test")];
  if (test.length === 0) throw new DataError(`run ${config.name}: there are no test studies with a ${view} image`);
  const seen = labelledStudies(options, { fraction, seed });
  const taught = table.targets.map((target) => {
    const values = new Set(seen.map((number) => target[number]!));
    return values.has(0) && values.has(1);
  });
  const byStudy = (studies: Int32Array) =>
    scores.map((values, label) => taught[label] ? meanByStudy(values, { rowStudies: study, studies }) : null);
  const cases = casesOf(table, test, { id: `test-${view}`, split: "test" });
  const evaluation = await supervisedEvaluation({
    run: { name: config.name, method: config.model.method, seed: config.training.seed },
    view,
    labels: table.labels,
    cases,
    scores: byStudy(test),
    validation: {
      labels: table.targets.map((target) => Array.from(validation, (number) => labelOf(target[number]!))),
      scores: byStudy(validation),
    },
    labelledFraction: fraction,
    labelledStudies: seen.length,
    probeSeed: seed,
    exclusive: isDigits(data.index.dataset),
    ...(options.bootstrap ? { bootstrap: options.bootstrap } : {}),
  });
  return { evaluation, cases };
}

/** The studies whose labels the classifier was trained on. */
function labelledStudies(
  { data: { index, pairs } }: EvaluateClassifierOptions,
  subset: { fraction: number; seed: number },
): number[] {
  return [...new Set(labelledSubset(index, pairsOfSplit(index, pairs, "train"), subset).study)];
}
