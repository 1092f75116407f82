/**
 * Macro AUROC on subgroups of the test studies.
 *
 * @module
 */
import type { ScoredCases } from "./curves.ts";

/** One classifier per label, all scored on the same cases. */
export interface ScoredLabels {
  /** Per label, the probability of each case, or `null` if no classifier could be fitted. */
  readonly scores: readonly (readonly number[] | null)[];
  /** Per label and case: 1, 0, or `null` if the case is excluded for this label. */
  readonly labels: readonly (readonly (0 | 1 | null)[])[];
  /** Patient identifier of each case. */
  readonly subjects: readonly string[];
}

/** A macro AUROC on a subgroup, with its interval. */
export interface SubgroupScore {
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** Number of labels with both classes in the subgroup, over which the mean is taken. */
  readonly labels: number;
  readonly studies: number;
  readonly subjects: number;
}

/**
 * Computes the macro AUROC on a subgroup, averaged over repeated runs, with a 95% interval over patients.
 *
 * `results.json` has no subgroups, so the report computes them. The interval is the normal approximation with the
 * variance of DeLong's structural components (DeLong, DeLong and Clarke-Pearson, 1988), clustered by patient
 * (Obuchowski, 1997): components are summed over labels and over a patient's studies first, so that neither correlated
 * labels nor several studies per patient make the interval too narrow.
 *
 * @param runs Repeated runs (seeds), scored on the same cases.
 * @param member Whether the case with this index belongs to the subgroup.
 */
export function subgroupScore(runs: readonly ScoredLabels[], member: (index: number) => boolean): SubgroupScore {
  const first = runs[0];
  const cases = first?.subjects.flatMap((_, i) => member(i) ? [i] : []) ?? [];
  const subjects = new Set(cases.map((i) => first!.subjects[i]!)).size;
  const parts = runs.map((run) => macroComponents(run, cases)).filter((part) => part !== null);
  if (parts.length === 0) return { value: null, low: null, high: null, labels: 0, studies: cases.length, subjects };
  const value = parts.reduce((sum, part) => sum + part.value, 0) / parts.length;
  const bySubject = new Map<string, number>();
  for (const part of parts) {
    cases.forEach((i, k) => {
      const subject = first!.subjects[i]!;
      bySubject.set(subject, (bySubject.get(subject) ?? 0) + part.influence[k]! / parts.length);
    });
  }
  const small = subjects > 1 ? subjects / (subjects - 1) : 1;
  const half = 1.959964 * Math.sqrt(small * [...bySubject.values()].reduce((sum, d) => sum + d * d, 0));
  const labels = Math.min(...parts.map((part) => part.labels));
  return {
    value,
    low: Math.max(0, value - half),
    high: Math.min(1, value + half),
    labels,
    studies: cases.length,
    subjects,
  };
}

/** The macro AUROC and each case's structural component of it. */
function macroComponents(run: ScoredLabels, cases: readonly number[]) {
  const influence = new Float64Array(cases.length);
  let sum = 0;
  let labels = 0;
  run.scores.forEach((scores, l) => {
    if (scores === null) return;
    const part = components({
      scores: cases.map((i) => scores[i]!),
      labels: cases.map((i) => run.labels[l]?.[i] ?? null),
    });
    if (part === null) return;
    labels++;
    sum += part.auroc;
    part.influence.forEach((d, k) => influence[k]! += d);
  });
  if (labels === 0) return null;
  return { value: sum / labels, influence: influence.map((d) => d / labels), labels };
}

/** One label's AUROC and each case's structural component, centred and divided by the size of its class. */
function components(cases: ScoredCases): { auroc: number; influence: Float64Array } | null {
  const positives = cases.labels.filter((label) => label === 1).length;
  const negatives = cases.labels.filter((label) => label === 0).length;
  if (positives === 0 || negatives === 0) return null;
  const order = cases.labels.flatMap((label, i) => label === null ? [] : [i]);
  order.sort((a, b) => cases.scores[a]! - cases.scores[b]!);
  const share = new Float64Array(cases.scores.length);
  let auroc = 0;
  let [positivesBelow, negativesBelow] = [0, 0];
  for (let start = 0; start < order.length;) {
    let end = start;
    let tiedPositives = 0;
    while (end < order.length && cases.scores[order[end]!] === cases.scores[order[start]!]) {
      tiedPositives += cases.labels[order[end++]!]!;
    }
    const tiedNegatives = end - start - tiedPositives;
    for (const i of order.slice(start, end)) {
      share[i] = cases.labels[i] === 1
        ? (negativesBelow + tiedNegatives / 2) / negatives
        : 1 - (positivesBelow + tiedPositives / 2) / positives;
      if (cases.labels[i] === 1) auroc += share[i]! / positives;
    }
    positivesBelow += tiedPositives;
    negativesBelow += tiedNegatives;
    start = end;
  }
  const influence = share.map((s, i) =>
    cases.labels[i] === null ? 0 : (s - auroc) / (cases.labels[i] === 1 ? positives : negatives)
  );
  return { auroc, influence };
}
