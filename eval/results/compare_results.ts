/**
 * Differences of methods on the same patients, with intervals and tests.
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
import type { Cases, Comparison, Results } from "./results_schema.ts";

/** What to compare and how. */
export interface CompareOptions extends BootstrapOptions {
  /** What stands side by side, as `chooseGrouping` says unless given; evaluations that differ in seeds only are averaged. */
  readonly by?: GroupBy | undefined;
  /**
   * Name that all others are compared with. Without it `mmvm` is compared with every other method; where there is none, all
   * others with the first.
   */
  readonly baseline?: string | undefined;
  /**
   * Where p-values and intervals of single labels come from: resamples of patients, or DeLong's test, which is exact in no resample and holds
   * only where no patient has several studies. Macro averages are always resampled.
   */
  readonly test?: Comparison["test"] | undefined;
}

/** AUROCs of a group: the mean over its members, on the cases and in every resample. */
interface GroupAuroc {
  /** Per label; `null` where any member has none. */
  readonly values: (number | null)[];
  readonly samples: Float64Array[];
}

/** Checks that two evaluations are about the same studies and labels. */
function checkSameCases(a: EvaluationEntry, b: EvaluationEntry, place: string): void {
  const same = (x: Cases, y: Cases) =>
    x === y ||
    JSON.stringify([x.studyIds, x.subjectIds, x.labels]) === JSON.stringify([y.studyIds, y.subjectIds, y.labels]);
  if (!same(a.cases, b.cases)) {
    throw new DataError(
      `runs ${a.evaluation.run} and ${b.evaluation.run} were not tested on the same studies and labels (${place}: ` +
        `${a.cases.studyIds.length} and ${b.cases.studyIds.length} studies); evaluate both with the same data, splits and policies.`,
    );
  }
}

/** Mean of values, `null` where any of them is. */
function meanOrNull(values: readonly (number | null)[]): number | null {
  return values.reduce((sum, value) => sum === null || value === null ? null : sum + value / values.length, 0);
}

/**
 * AUROCs of every group of a stratum. All members are resampled in one call, so that each resample is drawn once and the
 * work is large enough to be worth spreading over workers.
 */
async function groupAurocs(
  stratum: Stratum,
  { labels, bootstrap }: { labels: number; bootstrap: BootstrapOptions },
): Promise<Map<string, GroupAuroc>> {
  const entries = [...stratum.groups.values()].flat();
  const { subjectIds, labels: truth } = entries[0]!.cases;
  const values = entries.map(({ evaluation }) =>
    evaluation.scores.map((scores, label) => scores && auroc(truth[label]!, scores))
  );
  const { auroc: samples } = await bootstrapScores(
    { subjectIds, labels: entries.flatMap(() => truth) },
    entries.flatMap(({ evaluation }) => evaluation.scores),
    bootstrap,
  );
  const all = Array.from({ length: labels }, (_, label) => label);
  let next = 0;
  return new Map([...stratum.groups].map(([name, group]) => {
    const members = group.map(() => next++);
    return [name, {
      values: all.map((label) => meanOrNull(members.map((member) => values[member]![label]!))),
      samples: all.map((label) =>
        macroSamples(members.map((member) => samples[member * labels + label]!), members.map(() => true))
      ),
    }];
  }));
}

/** The pairs (baseline, method) of a stratum. */
function pairsOf(stratum: Stratum, baseline: string | undefined): [string, string][] {
  const names = [...stratum.groups.keys()];
  if (baseline !== undefined) {
    return names.includes(baseline) ? names.filter((name) => name !== baseline).map((name) => [baseline, name]) : [];
  }
  if (names.includes("mmvm")) return names.filter((name) => name !== "mmvm").map((name) => [name, "mmvm"]);
  return names.slice(1).map((name) => [names[0]!, name]);
}

/** What a label's difference is like. */
type Difference = Pick<Comparison, "difference" | "p">;

/** By DeLong's test: the seeds of a group are averaged. */
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

/** Whether no patient has several of the test studies, so that DeLong's test holds. */
export function hasIndependentCases(results: Results): boolean {
  return results.cases.every(({ subjectIds }) => new Set(subjectIds).size === subjectIds.length);
}

/** DeLong's test takes every study for a case of its own. */
function checkIndependent({ cases: { subjectIds, studyIds }, evaluation }: EvaluationEntry): void {
  const seen = new Map<string, string>();
  for (const [i, subject] of subjectIds.entries()) {
    if (seen.has(subject)) {
      throw new DataError(
        `run ${evaluation.run}: studies ${seen.get(subject)} and ${
          studyIds[i]
        } are of one patient, and DeLong's test needs ` +
          "independent studies; compare by the bootstrap of patients.",
      );
    }
    seen.set(subject, studyIds[i]!);
  }
}

/** All labels' and the macro average's comparison of two groups. */
function comparePair(
  [baseline, method]: [string, string],
  { stratum, labels, aurocs, test }: {
    stratum: Stratum;
    labels: readonly string[];
    aurocs: ReadonlyMap<string, GroupAuroc>;
    test: Comparison["test"];
  },
): Comparison[] {
  const [first, second] = [aurocs.get(baseline)!, aurocs.get(method)!];
  const values = labels.map((_, label) => {
    const [a, b] = [first.values[label]!, second.values[label]!];
    return a === null || b === null ? null : b - a;
  });
  const samples = labels.map((_, label) => second.samples[label]!.map((value, b) => value - first.samples[label]![b]!));
  const groups = [stratum.groups.get(baseline)!, stratum.groups.get(method)!] as const;
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

/** The averages' tests of a stratum, one a pair, are a family: their p-values are corrected together. */
function correctMacros(comparisons: readonly Comparison[]): Comparison[] {
  const adjusted = holm(comparisons.filter(({ label }) => label === null).map(({ p }) => p)).values();
  return comparisons.map((comparison) =>
    comparison.label === null ? { ...comparison, pHolm: adjusted.next().value ?? null } : comparison
  );
}

/**
 * Compares groups of evaluations on the same cases: the difference of AUROC by label and of their mean, its 95 % interval and
 * two-sided p-value from resamples of patients that all groups share, and Holm's correction: over the labels of each pair, and for the mean
 * over the pairs.
 * Where a group has several seeds, its AUROC is their mean in every resample: the interval is about the choice of
 * patients, not of seeds. A label that either group lacks has `null` throughout and is left out of the mean.
 *
 * @param results One or more results, of the same labels.
 * @returns Per stratum and pair one comparison a label and one (label `null`) of the means over labels.
 * @throws DataError where labels or test studies differ between runs, no run has the baseline's name, or DeLong's test is asked for and
 * a patient has several test studies.
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
    throw new DataError(`nothing here is called ${baseline}; choose the baseline from ${names.join(", ")}.`);
  }
  const comparisons: Comparison[] = [];
  for (const stratum of strata) {
    const pairs = pairsOf(stratum, baseline);
    if (pairs.length === 0) continue;
    const all = [...stratum.groups.values()].flat();
    for (const entry of all) checkSameCases(all[0]!, entry, stratumText(stratum));
    if (test === "delong") checkIndependent(all[0]!);
    const aurocs = await groupAurocs(stratum, { labels: labels.length, bootstrap: options });
    comparisons.push(
      ...correctMacros(pairs.flatMap((pair) => comparePair(pair, { stratum, labels, aurocs, test }))),
    );
  }
  return comparisons;
}
