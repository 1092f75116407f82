/**
 * Paired comparisons of methods on the same patients, with intervals and tests.
 *
 * @module
 */
import { DataError } from "../../base/errors.ts";
import {
  chooseGrouping,
  commonLabels,
  type EvaluationEntry,
  type GroupBy,
  groupEvaluations,
  type Stratum,
  stratumText,
  withSharedSeeds,
} from "./evaluation_groups.ts";
import {
  type BootstrapOptions,
  bootstrapP,
  bootstrapScores,
  macroSamples,
  percentileInterval,
} from "../metrics/bootstrap.ts";
import { delongMeanTest } from "../metrics/delong.ts";
import { holm } from "../metrics/holm.ts";
import { NORMAL_QUANTILE_975 } from "../metrics/normal.ts";
import { auroc } from "../metrics/roc.ts";
import type { Cases, Comparison, Results } from "./results.ts";

/** Options of {@linkcode compareResults}. */
export interface CompareOptions extends BootstrapOptions {
  /** What to compare; chosen by `chooseGrouping` by default. Evaluations that differ only in seeds are averaged. */
  readonly by?: GroupBy | undefined;
  /**
   * The name with which all others are compared. By default `mmvm` is compared with every other method; without an
   * `mmvm`, all others are compared with the first.
   */
  readonly baseline?: string | undefined;
  /**
   * Test for single labels: the patient-level bootstrap, or DeLong's test, which is asymptotic and valid only if no
   * patient has several studies. Macro averages always use the bootstrap.
   */
  readonly test?: Comparison["test"] | undefined;
}

/** AUROCs by label, on the original cases and in every resample: of an evaluation, or means over several. */
interface LabelAurocs {
  /** `null` where it is undefined for any of them. */
  readonly values: (number | null)[];
  readonly samples: Float64Array[];
}

/** Checks that two evaluations have the same studies and labels. */
function checkSameCases(a: EvaluationEntry, b: EvaluationEntry, place: string): void {
  const same = (x: Cases, y: Cases) =>
    x === y ||
    JSON.stringify([x.studyIds, x.subjectIds, x.labels]) === JSON.stringify([y.studyIds, y.subjectIds, y.labels]);
  if (!same(a.cases, b.cases)) {
    throw new DataError(
      `runs ${a.evaluation.run} and ${b.evaluation.run} were not tested on the same studies and labels (${place}: ` +
        `${a.cases.studyIds.length} and ${b.cases.studyIds.length} studies); evaluate both with the same data, ` +
        `splits ` +
        "and policies",
    );
  }
}

/** The mean, or `null` if any value is `null`. */
function meanOrNull(values: readonly (number | null)[]): number | null {
  return values.reduce((sum, value) => sum === null || value === null ? null : sum + value / values.length, 0);
}

/**
 * Computes the AUROCs of every evaluation of a stratum. All are resampled in one call, so that each resample is drawn
 * once and the work is large enough for workers.
 */
async function entryAurocs(
  stratum: Stratum,
  { labels, bootstrap }: { labels: number; bootstrap: BootstrapOptions },
): Promise<Map<EvaluationEntry, LabelAurocs>> {
  const entries = [...stratum.groups.values()].flat();
  const { subjectIds, labels: truth } = entries[0]!.cases;
  const { auroc: samples } = await bootstrapScores(
    { subjectIds, labels: entries.flatMap(() => truth) },
    entries.flatMap(({ evaluation }) => evaluation.scores),
    bootstrap,
  );
  return new Map(entries.map((entry, i) => [entry, {
    values: entry.evaluation.scores.map((scores, label) => scores && auroc(truth[label]!, scores)),
    samples: samples.slice(i * labels, (i + 1) * labels),
  }]));
}

/** The means over a group. */
function meanAurocs(members: readonly LabelAurocs[]): LabelAurocs {
  return {
    values: members[0]!.values.map((_, label) => meanOrNull(members.map(({ values }) => values[label]!))),
    samples: members[0]!.samples.map((_, label) =>
      macroSamples(members.map(({ samples }) => samples[label]!), members.map(() => true))
    ),
  };
}

/** The pairs (baseline, method) of a stratum; see {@linkcode CompareOptions.baseline}. */
export function pairsOf(stratum: Stratum, baseline: string | undefined): [string, string][] {
  const names = [...stratum.groups.keys()];
  if (baseline !== undefined) {
    return names.includes(baseline) ? names.filter((name) => name !== baseline).map((name) => [baseline, name]) : [];
  }
  if (names.includes("mmvm")) return names.filter((name) => name !== "mmvm").map((name) => [name, "mmvm"]);
  return names.slice(1).map((name) => [names[0]!, name]);
}

/** The result of comparing two groups for one label. */
type Difference = Pick<Comparison, "difference" | "p">;

/** Compares by DeLong's test, averaging the seeds of each group. */
function byDelong(
  label: number,
  [first, second]: readonly [readonly EvaluationEntry[], readonly EvaluationEntry[]],
): Difference {
  const scores = (group: readonly EvaluationEntry[]) => group.map(({ evaluation }) => evaluation.scores[label]!);
  const test = delongMeanTest(first[0]!.cases.labels[label]!, [scores(first), scores(second)]);
  if (test === null) return { difference: { value: null, low: null, high: null }, p: null };
  const half = NORMAL_QUANTILE_975 * test.standardError;
  return {
    difference: { value: test.difference, low: test.difference - half, high: test.difference + half },
    p: test.p,
  };
}

/** Whether no patient has several test studies, so that DeLong's test is valid. */
export function hasIndependentCases(results: Results): boolean {
  return results.cases.every(({ subjectIds }) => new Set(subjectIds).size === subjectIds.length);
}

/** Rejects cases for which DeLong's test, which assumes independent studies, is invalid. */
function checkIndependent({ cases: { subjectIds, studyIds }, evaluation }: EvaluationEntry): void {
  const seen = new Map<string, string>();
  for (const [i, subject] of subjectIds.entries()) {
    if (seen.has(subject)) {
      throw new DataError(
        `run ${evaluation.run}: studies ${seen.get(subject)} and ${
          studyIds[i]
        } are of one patient, and DeLong's test needs ` +
          "independent studies; use the patient-level bootstrap",
      );
    }
    seen.set(subject, studyIds[i]!);
  }
}

/** Compares two groups for all labels and the macro average. */
function comparePair(
  [baseline, method]: [string, string],
  { stratum, labels, aurocs, test }: {
    stratum: Stratum;
    labels: readonly string[];
    aurocs: ReadonlyMap<EvaluationEntry, LabelAurocs>;
    test: Comparison["test"];
  },
): Comparison[] {
  const groups = withSharedSeeds(stratum.groups.get(baseline)!, stratum.groups.get(method)!);
  const aurocsOf = (group: readonly EvaluationEntry[]) => meanAurocs(group.map((entry) => aurocs.get(entry)!));
  const [first, second] = [aurocsOf(groups[0]), aurocsOf(groups[1])];
  const values = labels.map((_, label) => {
    const [a, b] = [first.values[label]!, second.values[label]!];
    return a === null || b === null ? null : b - a;
  });
  const samples = labels.map((_, label) => second.samples[label]!.map((value, b) => value - first.samples[label]![b]!));
  const found = samples.map((differences, label): Difference => {
    const value = values[label]!;
    if (value !== null && test === "delong") return byDelong(label, groups);
    return { difference: percentileInterval(value, differences), p: value === null ? null : bootstrapP(differences) };
  });
  const adjusted = holm(found.map(({ p }) => p));
  const { view, labelledFraction, probe, latents, setting } = stratum;
  const common = {
    view,
    labelledFraction,
    probe,
    ...(latents === "none" ? {} : { latents }),
    ...(Object.keys(setting).length === 0 ? {} : { setting }),
    baseline,
    method,
  };
  const included = values.filter((value) => value !== null);
  const macroValue = included.length === 0 ? null : included.reduce((sum, value) => sum + value, 0) / included.length;
  const macro = macroSamples(samples, values.map((value) => value !== null));
  const macroP = macroValue === null ? null : bootstrapP(macro);
  return [
    ...labels.map((label, i) => ({
      ...common,
      label,
      ...found[i]!,
      pHolm: adjusted[i]!,
      test,
    })),
    {
      ...common,
      label: null,
      difference: percentileInterval(macroValue, macro),
      p: macroP,
      pHolm: macroP,
      test: "paired-bootstrap",
    },
  ];
}

/** Corrects the p-values of the macro averages of a stratum together, as one family with a test per pair. */
export function correctMacros(comparisons: readonly Comparison[]): Comparison[] {
  const adjusted = holm(comparisons.filter(({ label }) => label === null).map(({ p }) => p)).values();
  return comparisons.map((comparison) =>
    comparison.label === null ? { ...comparison, pHolm: adjusted.next().value ?? null } : comparison
  );
}

/**
 * Compares groups of evaluations on the same cases. For every label and for the macro average it gives the difference
 * in AUROC, its 95% interval and two-sided p-value from patient-level resamples shared by all groups, and Holm's
 * correction: over the labels of each pair and, for the macro average, over the pairs. If a group has several seeds,
 * its AUROC is their mean in every resample, so that intervals account for the sampling of patients, not of seeds; two
 * groups that share only some of their seeds are compared over those. A label that is undefined for either group is
 * `null` throughout and excluded from the mean.
 *
 * @param results One or more results with the same labels.
 * @returns Per stratum and pair, one comparison per label and one (label `null`) of the macro averages.
 * @throws DataError if labels or test studies differ between runs, if nothing has the baseline's name, or if DeLong's
 * test is requested and a patient has several test studies.
 */
export async function compareResults(
  results: readonly Results[],
  options: CompareOptions = {},
): Promise<Comparison[]> {
  const labels = commonLabels(results);
  const strata = groupEvaluations(results, { by: options.by ?? chooseGrouping(results) });
  const { baseline, test = "paired-bootstrap" } = options;
  if (baseline !== undefined && !strata.some(({ groups }) => groups.has(baseline))) {
    const names = [...new Set(strata.flatMap(({ groups }) => [...groups.keys()]))];
    throw new DataError(`nothing here is called ${baseline}; choose the baseline from ${names.join(", ")}`);
  }
  const comparisons: Comparison[] = [];
  for (const stratum of strata) {
    const pairs = pairsOf(stratum, baseline);
    if (pairs.length === 0) continue;
    const all = [...stratum.groups.values()].flat();
    for (const entry of all) checkSameCases(all[0]!, entry, stratumText(stratum));
    if (test === "delong") checkIndependent(all[0]!);
    const aurocs = await entryAurocs(stratum, { labels: labels.length, bootstrap: options });
    comparisons.push(
      ...correctMacros(pairs.flatMap((pair) => comparePair(pair, { stratum, labels, aurocs, test }))),
    );
  }
  return comparisons;
}
