/**
 * The evaluation protocol: probes trained on the latents of a labelled subset of the training split, scored by study on
 * the test split.
 *
 * @module
 */
import { DataError } from "../../base/errors.ts";
import type { BootstrapOptions } from "../metrics/bootstrap.ts";
import { type Matrix, takeRows } from "../probes/matrix.ts";
import type { Cases, Evaluation } from "../results/results.ts";
import { meanByStudy, meanRowsByStudy } from "./aggregate.ts";
import { labelledRows, MAX_ENCODINGS } from "./labelled_rows.ts";
import { type Probe, probeProbabilities } from "./probe.ts";
import { type LabelScores, scoreClassifier, storedScores } from "./score_classifier.ts";
import {
  casesOf,
  checkLatents,
  labelOf,
  splitCode,
  studiesWithLatents,
  type StudyTable,
  type ViewLatents,
} from "./study_table.ts";

/** The run whose encoder produced the latents. */
export interface EvaluatedRun {
  /** Name of the run. */
  readonly name: string;
  /** Method of the run. */
  readonly method: string;
  /** Seed of the run. */
  readonly seed: number;
}

/**
 * How the pairs of a study are aggregated to one score.
 *
 * `mean-score`, the default, applies the probe to every pair and averages the probabilities: the probe sees the same
 * kind of latents as in training, and the mean is the usual ensemble over a study's images. `mean-latent` averages the
 * latents of a study first, also in training; averaged latents have less variance, so that studies with one pair and
 * with several are distributed differently.
 */
export type StudyAggregation = "mean-score" | "mean-latent";

/** Input and options of {@linkcode evaluateLatents}. */
export interface LatentEvaluation {
  /** The run. */
  readonly run: EvaluatedRun;
  /** The studies and their labels. */
  readonly table: StudyTable;
  /** Latents of each view to evaluate. */
  readonly views: readonly ViewLatents[];
  /** Whether the latents are from before (`unimodal`, the protocol's choice) or after aggregation over views. */
  readonly latents: "unimodal" | "aggregate";
  /** The probe; logistic regression by default. */
  readonly probe?: Probe;
  /** Fractions of the training patients whose labels are used, in (0, 1]; `[1]` by default. */
  readonly labelledFractions?: readonly number[];
  /** Seeds of the labelled subset and the probe; `[0]` by default. */
  readonly probeSeeds?: readonly number[];
  /** How the pairs of a study are aggregated; `mean-score` by default. */
  readonly aggregation?: StudyAggregation;
  /**
   * Most training encodings; 20,000 by default, as published. Larger sets are subsampled uniformly with the seed, which
   * keeps nearly every labelled patient.
   */
  readonly maxEncodings?: number;
  /** True if every study has exactly one label (digits): uses multinomial regression, and measures accuracy too. */
  readonly exclusive?: boolean;
  /** A setting varied by an experiment, recorded with the evaluation. */
  readonly setting?: Evaluation["setting"];
  /**
   * Id of the cases record; `test` by default. A view that lacks some of the studies gets a record of its own, with the
   * view's name appended.
   */
  readonly casesId?: string;
  /** Options of the confidence intervals. */
  readonly bootstrap?: BootstrapOptions;
  /** Number of threads; one per core by default. */
  readonly workers?: number;
  /** Called before each fit with the number of fits done and in total, and a description of the next one. */
  readonly onProgress?: (progress: { done: number; total: number; what: string }) => void;
}

/** Evaluations, and the cases to which their scores refer. */
export interface EvaluatedLatents {
  /** One evaluation per view, labelled fraction and probe seed. */
  readonly evaluations: Evaluation[];
  /** The studies to which the scores refer. */
  readonly cases: Cases[];
}

/** A view's rows by use: training encodings, and encodings to predict. */
interface ViewData {
  readonly features: Matrix;
  /** The study of each row. */
  readonly rowStudies: Int32Array;
  readonly validationStudies: Int32Array;
  readonly testStudies: Int32Array;
  /** Rows of validation and test studies. */
  readonly queryRows: Int32Array;
}

/** One fit: a view, a labelled fraction and a seed. */
interface Fit {
  readonly view: string;
  readonly data: ViewData;
  readonly cases: Cases;
  readonly fraction: number;
  readonly seed: number;
}

/** Indices for which a condition holds. */
function indicesWhere(length: number, holds: (i: number) => boolean): Int32Array {
  return Int32Array.from({ length }, (_, i) => i).filter(holds);
}

function prepareView(latents: ViewLatents, evaluation: LatentEvaluation): ViewData {
  const { table, run } = evaluation;
  checkLatents(table, latents, run.name);
  const studiesOf = (split: "train" | "validate" | "test") => studiesWithLatents(table, latents, split);
  const [train, validationStudies, testStudies] = [studiesOf("train"), studiesOf("validate"), studiesOf("test")];
  if (train.length === 0 || testStudies.length === 0) {
    throw new DataError(
      `run ${run.name}: there are ${train.length} training and ${testStudies.length} test studies with a ` +
        `${latents.view} ` +
        "latent; a probe needs both",
    );
  }
  let features: Matrix = { values: latents.values, rows: latents.study.length, columns: latents.dimension };
  let rowStudies = latents.study;
  if (evaluation.aggregation === "mean-latent") {
    const studies = Int32Array.from([train, validationStudies, testStudies].flatMap((list) => [...list]));
    const means = meanRowsByStudy(features, { rowStudies, studies });
    features = { ...means, values: Float32Array.from(means.values) };
    rowStudies = studies;
  }
  const trainCode = splitCode("train");
  const queryRows = indicesWhere(rowStudies.length, (row) => {
    const split = table.splits[rowStudies[row]!]!;
    return split >= 0 && split !== trainCode;
  });
  return { features, rowStudies, validationStudies, testStudies, queryRows };
}

/** Averages the query rows' probabilities by study. */
function studyScores(
  probabilities: readonly (Float64Array | null)[],
  { queryStudies, studies }: { queryStudies: Int32Array; studies: Int32Array },
): LabelScores {
  return probabilities.map((values) =>
    values && storedScores(meanByStudy(values, { rowStudies: queryStudies, studies }))
  );
}

async function evaluateFit(fit: Fit, evaluation: LatentEvaluation): Promise<Evaluation> {
  const { run, table, probe = { kind: "logistic-regression" }, exclusive = false } = evaluation;
  const { features, rowStudies, queryRows, validationStudies, testStudies } = fit.data;
  const { fraction, seed } = fit;
  const rows = labelledRows(rowStudies, { table, fraction, seed, most: evaluation.maxEncodings });
  if (rows.length === 0) {
    throw new DataError(
      `run ${run.name}: a labelled fraction of ${fit.fraction} leaves no training study with a ${fit.view} latent; ` +
        "use a larger one",
    );
  }
  const probabilities = await probeProbabilities(takeRows(features, rows), takeRows(features, queryRows), {
    probe,
    targets: table.targets.map((target) => Int8Array.from(rows, (row) => target[rowStudies[row]!]!)),
    exclusive,
    seed: fit.seed,
    workers: evaluation.workers,
  });
  const queryStudies = Int32Array.from(queryRows, (row) => rowStudies[row]!);
  const scores = studyScores(probabilities, { queryStudies, studies: testStudies });
  const measured = await scoreClassifier({
    labels: table.labels,
    cases: fit.cases,
    scores,
    validation: {
      labels: table.targets.map((target) => Array.from(validationStudies, (study) => labelOf(target[study]!))),
      scores: studyScores(probabilities, { queryStudies, studies: validationStudies }),
    },
    exclusive,
    bootstrap: { workers: evaluation.workers, ...evaluation.bootstrap },
  });
  return {
    run: run.name,
    method: run.method,
    seed: run.seed,
    view: fit.view,
    probe: probe.kind,
    latents: evaluation.latents,
    labelledFraction: fit.fraction,
    labelledStudies: new Set(Array.from(rows, (row) => rowStudies[row]!)).size,
    probeSeed: fit.seed,
    setting: evaluation.setting ?? {},
    cases: fit.cases.id,
    scores: scores.map((values) => values && [...values]),
    ...measured,
  };
}

/** The cases of each view; views that cover the same studies share a record. */
function casesByView(views: readonly ViewData[], evaluation: LatentEvaluation): Cases[] {
  const { table, casesId: id = "test" } = evaluation;
  const most = views.reduce((a, b) => b.testStudies.length > a.testStudies.length ? b : a).testStudies;
  const shared = casesOf(table, most, { id, split: "test" });
  return views.map(({ testStudies }, i) => {
    const same = testStudies.length === most.length && testStudies.every((study, k) => study === most[k]);
    return same ? shared : casesOf(table, testStudies, { id: `${id}-${evaluation.views[i]!.view}`, split: "test" });
  });
}

/** Whether the probe seed has no effect: all labels, all encodings, and a probe without randomness. */
function isDeterministic({ data, fraction }: Fit, evaluation: LatentEvaluation): boolean {
  const trainRows = data.rowStudies.length - data.queryRows.length;
  return fraction === 1 && trainRows <= (evaluation.maxEncodings ?? MAX_ENCODINGS) &&
    (evaluation.probe?.kind ?? "logistic-regression") === "logistic-regression";
}

/**
 * Evaluates latents by the protocol: for each view, labelled fraction and seed, it trains one probe per label on the
 * labelled patients' training encodings, aggregates scores from pairs to studies, chooses thresholds on the validation
 * studies and measures on the test studies. A label with only one class, in training or in the test split, is `null`
 * and listed in `macro.excluded`. If the seed has no effect (all labels, logistic regression), only the first seed is
 * evaluated.
 *
 * It needs neither model nor GPU: encode first, in evaluation mode.
 *
 * @throws DataError naming run, view, study and dimension of a latent that is not finite; or if a split or subset has
 * no studies.
 * @throws RangeError for options out of range.
 */
export async function evaluateLatents(evaluation: LatentEvaluation): Promise<EvaluatedLatents> {
  const { views, labelledFractions = [1], probeSeeds = [0] } = evaluation;
  for (const fraction of labelledFractions) {
    if (!(fraction > 0 && fraction <= 1)) {
      throw new RangeError(`the labelled fraction must be above 0 and at most 1, but is ${fraction}`);
    }
  }
  if (views.length === 0) throw new RangeError("there are no views to evaluate");
  const data = views.map((latents) => prepareView(latents, evaluation));
  const cases = casesByView(data, evaluation);
  const fits = views.flatMap(({ view }, i) =>
    labelledFractions.flatMap((fraction) =>
      probeSeeds.map((seed): Fit => ({ view, data: data[i]!, cases: cases[i]!, fraction, seed }))
        .filter((fit, k) => k === 0 || !isDeterministic(fit, evaluation))
    )
  );
  const evaluations: Evaluation[] = [];
  for (const [done, fit] of fits.entries()) {
    const what = `${evaluation.run.name}, ${fit.view}, ${fit.fraction * 100}% of the labels, seed ${fit.seed}`;
    evaluation.onProgress?.({ done, total: fits.length, what });
    evaluations.push(await evaluateFit(fit, evaluation));
  }
  return { evaluations, cases: [...new Set(cases)] };
}
