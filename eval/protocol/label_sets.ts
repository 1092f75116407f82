/**
 * Scores under two label sets, and the agreement of the sets.
 *
 * @module
 */
import { labelValue } from "../../data/index/labels.ts";
import type { StudyIndex } from "../../data/index/study_index.ts";
import { type AgreementCounts, cohenKappa, sensitivityOf, specificityOf } from "../metrics/agreement.ts";
import { type BootstrapOptions, bootstrapRanked, macroSamples, percentileInterval } from "../metrics/bootstrap.ts";
import { bootstrapCounts } from "../metrics/bootstrap_counts.ts";
import { rankScores } from "../metrics/rank.ts";
import { aurocOfRanked } from "../metrics/roc.ts";
import type { LabelAgreement, LabelSetPair, LabelSetScores } from "../results/label_set_record.ts";
import type { Cases, Evaluation, Interval } from "../results/results.ts";

type Label = 0 | 1 | null;

/** Input of {@linkcode scoreLabelSets}. */
export interface LabelSetOptions {
  /** The data, with their second label set if they have any. */
  readonly index: StudyIndex;
  /** The cases of the evaluations. */
  readonly cases: readonly Cases[];
  /** Options of the confidence intervals. */
  readonly bootstrap?: BootstrapOptions | undefined;
}

/** Evaluations with scores under both sets, and the agreement of the sets. */
export interface ScoredLabelSets {
  /** The evaluations, with `labelSets` where studies have both. */
  readonly evaluations: Evaluation[];
  /** Absent if no test study has labels of a second set. */
  readonly agreement?: LabelAgreement;
}

/** The studies of some cases that have both label sets. */
interface Shared {
  /** Places in the cases. */
  readonly at: readonly number[];
  readonly subjectIds: readonly string[];
  /** Per label, the labels of the training's set and of the second one; both `null` unless a study has both. */
  readonly training: readonly Label[][];
  readonly test: readonly Label[][];
}

/**
 * Scores evaluations under the labels that probes were trained on and under a second set (the radiologists'), on the
 * studies that have both, with a paired patient-level bootstrap, and measures how far the two sets agree. The policies
 * for uncertain and blank labels apply to both sets.
 */
export async function scoreLabelSets(
  evaluations: readonly Evaluation[],
  options: LabelSetOptions,
): Promise<ScoredLabelSets> {
  const { index, cases, bootstrap = {} } = options;
  const { testLabels } = index;
  if (testLabels === undefined) return { evaluations: [...evaluations] };
  const shared = new Map(cases.map((record) => [record.id, sharedStudies(record, index)]));
  const scored: Evaluation[] = [];
  for (const evaluation of evaluations) {
    const studies = shared.get(evaluation.cases)!;
    if (studies.at.length === 0) scored.push(evaluation);
    else {
      const labelSets = await scoreBoth(evaluation, { studies, source: testLabels.source, bootstrap });
      scored.push({ ...evaluation, labelSets });
    }
  }
  const most = [...shared.values()].reduce((a, b) => b.at.length > a.at.length ? b : a);
  if (most.at.length === 0) return { evaluations: scored };
  const names = { training: index.labelSource, test: testLabels.source };
  return { evaluations: scored, agreement: { ...names, ...agreementOf(most, { labels: index.labels, bootstrap }) } };
}

function sharedStudies(cases: Cases, index: StudyIndex): Shared {
  const { labelled, states } = index.testLabels!;
  const numbers = new Map(index.studies.ids.map((id, study) => [id, study]));
  const studies = cases.studyIds.map((id) => numbers.get(id)!);
  const at = studies.map((_, i) => i).filter((i) => labelled[studies[i]!] === 1);
  const count = index.labels.length;
  const second = index.labels.map((_, label) =>
    at.map((i) => labelValue(states[studies[i]! * count + label]!, index.policies))
  );
  const first = cases.labels.map((column) => at.map((i) => column[i]!));
  const both = (a: readonly Label[][], b: readonly Label[][]) =>
    a.map((column, label) => column.map((value, k) => b[label]![k] === null ? null : value));
  return {
    at,
    subjectIds: at.map((i) => cases.subjectIds[i]!),
    training: both(first, second),
    test: both(second, first),
  };
}

async function scoreBoth(
  evaluation: Evaluation,
  { studies, source, bootstrap }: { studies: Shared; source: string; bootstrap: BootstrapOptions },
): Promise<LabelSetScores> {
  const { at, subjectIds } = studies;
  const scores = evaluation.scores.map((column) => column && at.map((i) => column[i]!));
  const sets = [studies.training, studies.test].map((labels) =>
    labels.map((column, label) => scores[label] ? rankScores(column, scores[label]) : null)
  );
  const [training, test] = await Promise.all(sets.map(async (ranked) => ({
    values: ranked.map((one) => one && aurocOfRanked(one)),
    samples: (await bootstrapRanked(subjectIds, ranked, bootstrap)).auroc,
  })));
  const names = evaluation.metrics.map(({ label }) => label);
  const included = names.map((_, l) => training!.values[l] !== null && test!.values[l] !== null);
  const macro = [training!, test!].map(({ values, samples }) => ({
    value: meanOf(values.filter((_, l) => included[l])),
    samples: macroSamples(samples, included),
  }));
  return {
    test: source,
    studies: at.length,
    labels: names.map((label, l) => ({
      label,
      ...pairOf(
        { value: training!.values[l]!, samples: training!.samples[l]! },
        { value: test!.values[l]!, samples: test!.samples[l]! },
      ),
    })),
    macro: { labels: names.filter((_, l) => included[l]), ...pairOf(macro[0]!, macro[1]!) },
  };
}

interface Score {
  readonly value: number | null;
  readonly samples: Float64Array;
}

function pairOf(training: Score, test: Score): LabelSetPair {
  const difference = training.value === null || test.value === null ? null : test.value - training.value;
  return {
    training: percentileInterval(training.value, training.samples),
    test: percentileInterval(test.value, test.samples),
    difference: percentileInterval(difference, test.samples.map((value, b) => value - training.samples[b]!)),
  };
}

function meanOf(values: readonly (number | null)[]): number | null {
  return values.length === 0 ? null : values.reduce<number>((sum, value) => sum + value!, 0) / values.length;
}

/** The four combinations of two labels, as cells of a count. */
const CELLS = 4;

function agreementOf(
  { at, subjectIds, training, test }: Shared,
  { labels, bootstrap }: { labels: readonly string[]; bootstrap: BootstrapOptions },
): Omit<LabelAgreement, "training" | "test"> {
  const columns = labels.map((_, l) =>
    Int16Array.from(at, (_, k) => test[l]![k] === null ? -1 : 2 * (1 - test[l]![k]!) + (1 - training[l]![k]!))
  );
  const drawn = bootstrapCounts(subjectIds, columns, { ...bootstrap, cells: CELLS });
  return {
    studies: at.length,
    subjects: new Set(subjectIds).size,
    labels: labels.map((label, l) => {
      const cells = [0, 1, 2, 3].map((cell) => columns[l]!.filter((one) => one === cell).length);
      const resampled = Array.from(
        { length: drawn[l]!.length / CELLS },
        (_, b) => countsOf(drawn[l]!.subarray(b * CELLS, (b + 1) * CELLS)),
      );
      const measure = (metric: (counts: AgreementCounts) => number): Interval => {
        const value = metric(countsOf(cells));
        return percentileInterval(Number.isNaN(value) ? null : value, Float64Array.from(resampled, metric));
      };
      return {
        label,
        trainingPositives: training[l]!.filter((value) => value === 1).length,
        testPositives: test[l]!.filter((value) => value === 1).length,
        kappa: measure(cohenKappa),
        sensitivity: measure(sensitivityOf),
        specificity: measure(specificityOf),
      };
    }),
  };
}

function countsOf(cells: ArrayLike<number>): AgreementCounts {
  return {
    bothPositive: cells[0]!,
    referenceOnly: cells[1]!,
    otherOnly: cells[2]!,
    bothNegative: cells[3]!,
  };
}
