/**
 * Fits the probes of the evaluation's protocol, and keeps them: `results.json` has their scores only.
 *
 * @module
 */
import { bestF1Threshold } from "../../eval/metrics/precision_recall.ts";
import { reliabilityCurve } from "../../eval/metrics/calibration.ts";
import { auroc } from "../../eval/metrics/roc.ts";
import { gramMatrix } from "../../eval/probes/gram_preconditioner.ts";
import { fitLogisticRegression } from "../../eval/probes/logistic_regression.ts";
import { type Matrix, takeRows } from "../../eval/probes/matrix.ts";
import { fitSoftmaxRegression } from "../../eval/probes/softmax_regression.ts";
import { meanByStudy } from "../../eval/protocol/aggregate.ts";
import { labelledRows } from "../../eval/protocol/labelled_rows.ts";
import { labelOf, studiesWithLatents, type StudyTable, type ViewLatents } from "../../eval/protocol/study_table.ts";
import type { Split } from "../../data/mod.ts";
import { probabilitiesOf } from "../stored/probabilities.ts";
import type { LabelMeasures, LinearProbe, ViewProbes } from "../stored/page_model.ts";
import { risingDirection } from "./rising_direction.ts";

/** Which training studies' labels are used, and whether exactly one label holds for a study. */
export interface FitOptions {
  readonly table: StudyTable;
  readonly fraction: number;
  readonly seed: number;
  readonly exclusive: boolean;
}

/**
 * Fits a view's probes on the labelled training studies, chooses thresholds on the validation studies, and measures on
 * the test studies.
 */
export function fitProbes(latents: ViewLatents, options: FitOptions): ViewProbes {
  const { table, exclusive } = options;
  const rows = labelledRows(latents.study, options);
  const train = takeRows(matrixOf(latents), rows);
  const targets = table.targets.map((target) => Int8Array.from(rows, (row) => target[latents.study[row]!]!));
  const fitted = exclusive ? fitExclusive(train, targets) : fitEach(train, targets);
  const there = fitted.flatMap((probe) => probe ?? []);
  const probes = fitted.map((probe) => {
    if (!probe) return null;
    const direction = exclusive
      ? risingDirection(there.map(({ coefficients }) => coefficients), there.indexOf(probe))
      : null;
    const spread = spreadAlong(train, direction ?? probe.coefficients);
    return { ...probe, ...(direction ? { direction } : {}), spread };
  });
  const labels = table.labels.map((label, i) => ({ ...unmeasured(label), probe: probes[i] ?? null }));
  return measureProbes({ view: latents.view, exclusive, labels }, latents, table);
}

/** What is known of a label before anything is measured. */
export function unmeasured(label: string): LabelMeasures {
  return { label, threshold: null, auroc: null, reliability: [] };
}

/** Chooses the thresholds of probes on the validation studies, and measures them on the test studies. */
export function measureProbes(probes: ViewProbes, latents: ViewLatents, table: StudyTable): ViewProbes {
  const measures = measureScores(
    table.labels,
    scoreStudies(probes, latents, { table, split: "validate" }),
    scoreStudies(probes, latents, { table, split: "test" }),
  );
  return { ...probes, labels: probes.labels.map((label, i) => ({ ...label, ...measures[i]! })) };
}

/** Chooses a threshold for each label's scores on the validation studies, and measures them on the test studies. */
export function measureScores(labels: readonly string[], validation: StudyScores, test: StudyScores): LabelMeasures[] {
  return labels.map((label, i) => {
    const chosen = validation.scores[i] ?? null;
    const tested = test.scores[i] ?? null;
    return {
      label,
      threshold: chosen && (bestF1Threshold(validation.labels[i]!, chosen)?.threshold ?? null),
      auroc: tested && auroc(test.labels[i]!, tested),
      reliability: tested ? reliabilityCurve(test.labels[i]!, tested) : [],
    };
  });
}

/** Scores of a split's studies. */
export interface StudyScores {
  /** Numbers of the studies. */
  readonly studies: Int32Array;
  /** Per label and study: 1, 0, or `null` if it is unknown. */
  readonly labels: readonly (readonly (0 | 1 | null)[])[];
  /** Per label, the mean probability of each study's pairs; `null` without a probe. */
  readonly scores: readonly (Float64Array | null)[];
}

/** Applies probes to the latents of a split's studies. */
export function scoreStudies(
  probes: ViewProbes,
  latents: ViewLatents,
  { table, split }: { table: StudyTable; split: Split },
): StudyScores {
  const studies = studiesWithLatents(table, latents, split);
  const wanted = new Set(studies);
  const rows = Int32Array.from(latents.study, (_, row) => row).filter((row) => wanted.has(latents.study[row]!));
  const each = Array.from(
    rows,
    (row) => probabilitiesOf(probes, latents.values.subarray(row * latents.dimension, (row + 1) * latents.dimension)),
  );
  const rowStudies = Int32Array.from(rows, (row) => latents.study[row]!);
  return {
    studies,
    labels: table.targets.map((target) => Array.from(studies, (study) => labelOf(target[study]!))),
    scores: probes.labels.map(({ probe }, label) =>
      probe && meanByStudy(each.map((values) => values[label]!), { rowStudies, studies })
    ),
  };
}

function matrixOf({ values, study, dimension }: ViewLatents): Matrix {
  return { values, rows: study.length, columns: dimension };
}

type Fitted = Omit<LinearProbe, "spread" | "direction"> | null;

function fitEach(train: Matrix, targets: readonly Int8Array[]): Fitted[] {
  const gram = gramMatrix(train);
  return targets.map((target) => {
    const model = fitLogisticRegression(train, target, { gram });
    return model && { coefficients: [...model.coefficients], intercept: model.intercept };
  });
}

/** One multinomial regression; a class absent from the training studies has no probe. */
function fitExclusive(train: Matrix, targets: readonly Int8Array[]): Fitted[] {
  const classes = Int32Array.from({ length: train.rows }, (_, row) => targets.findIndex((target) => target[row] === 1));
  const model = fitSoftmaxRegression(train, classes, { classes: targets.length });
  return targets.map((target, k) =>
    model !== null && target.includes(1)
      ? {
        coefficients: [...model.coefficients.subarray(k * train.columns, (k + 1) * train.columns)],
        intercept: model.intercepts[k]!,
      }
      : null
  );
}

/** The standard deviation of the rows along a direction. */
export function spreadAlong({ values, rows, columns }: Matrix, direction: readonly number[]): number {
  const norm = Math.hypot(...direction) || 1;
  const along = Array.from(
    { length: rows },
    (_, row) => direction.reduce((sum, weight, j) => sum + weight / norm * values[row * columns + j]!, 0),
  );
  const mean = along.reduce((sum, value) => sum + value, 0) / rows;
  return Math.sqrt(along.reduce((sum, value) => sum + (value - mean) ** 2, 0) / rows);
}
