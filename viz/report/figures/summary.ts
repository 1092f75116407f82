/**
 * Arranges results for tables and figures: slices, arms, averaged cells, published values.
 *
 * @module
 */
import type { Comparison, Evaluation, Interval } from "../../../eval/results/results.ts";
import { type Arm, findArms, type NamedConfig } from "./arms.ts";
import type { Cell, Slice } from "./cells.ts";
import { readComparisons } from "./comparisons.ts";
import { formatPercent } from "../markup/format.ts";
import { markTies } from "./ties.ts";

/** A published AUROC for comparison with the measured ones. */
export interface PublishedValue {
  /** Name of the view. */
  readonly view: string;
  /** A label of `data.labels`, or `null` for the mean over labels. */
  readonly label: string | null;
  /** A method of `runs[].method`. */
  readonly method: string;
  /** In [0, 1]. */
  readonly auroc: number;
}

/** Numbers of positive and negative test studies of a label. */
export interface ClassCounts {
  readonly positives: number;
  readonly negatives: number;
}

/** The data behind tables and figures; plain JSON, shared with the client script. */
export interface Summary {
  readonly views: readonly string[];
  readonly labels: readonly string[];
  readonly arms: readonly Arm[];
  readonly slices: readonly Slice[];
  /** Index of the slice shown first: the largest labelled fraction, and the classifier evaluated for most methods. */
  readonly primary: number;
  /** Indexed by slice, view, row (the labels, then the macro average) and arm. */
  readonly cells: readonly (readonly (readonly (readonly (Cell | null)[])[])[])[];
  /** Accuracy by slice, view and arm; `null` if labels are not mutually exclusive, so that it is undefined. */
  readonly accuracy: readonly (readonly (readonly (Cell | null)[])[])[] | null;
  /** Indexed by view and label. */
  readonly counts: readonly (readonly (ClassCounts | null)[])[];
  /** Indexed by view, row and arm; `null` if there are no published numbers for these labels. */
  readonly published: readonly (readonly (readonly (number | null)[])[])[] | null;
}

/** What a summary is made of; results have it. */
export interface Summarisable {
  readonly data: { readonly views: readonly string[]; readonly labels: readonly string[] };
  readonly runs: readonly NamedConfig[];
  readonly evaluations: readonly Evaluation[];
  readonly comparisons: readonly Comparison[];
}

/** The summary, and access to the evaluations behind each cell, which are not embedded in the page. */
export interface Summarised {
  readonly summary: Summary;
  /** The evaluations at a slice, view and arm, one per repetition. */
  readonly find: (at: { slice: number; view: number; arm: number }) => readonly Evaluation[];
}

/**
 * Arranges results by what is comparable, averages repetitions, and marks the best arm of each row and those tied with
 * it.
 */
export function summarise(results: Summarisable, published: readonly PublishedValue[] = []): Summarised {
  const { arms, armOf } = findArms(results);
  const views = [...new Set([...results.data.views, ...results.evaluations.map((e) => e.view)])]
    .filter((view) => results.evaluations.some((e) => e.view === view));
  const labels = results.data.labels;
  const slices = findSlices(results.evaluations);
  const groups = Map.groupBy(results.evaluations.map((evaluation, i) => ({ evaluation, arm: armOf[i]! })), (entry) => {
    const { view, probe, latents, labelledFraction: fraction } = entry.evaluation;
    return groupKey({ arm: entry.arm, view, probe, latents, fraction });
  });
  const find = (at: { slice: number; view: number; arm: number }): readonly Evaluation[] => {
    const slice = slices[at.slice]!;
    const probe = arms[at.arm]!.supervised
      ? { probe: "supervised" as const, latents: "none" as const }
      : { probe: slice.probe, latents: slice.latents };
    const key = groupKey({ arm: at.arm, view: views[at.view]!, ...probe, fraction: slice.fraction });
    return groups.get(key)?.map((entry) => entry.evaluation) ?? [];
  };
  const cells = slices.map((_, slice) =>
    views.map((_, view) => {
      const found = arms.map((_, arm) => find({ slice, view, arm }));
      return [...labels, null].map((label) =>
        found.map((evaluations) => makeCell(evaluations, (e) => aurocOf(e, label)))
      );
    })
  );
  const hasAccuracy = results.evaluations.some((evaluation) => evaluation.accuracy !== undefined);
  const accuracy = !hasAccuracy
    ? null
    : slices.map((_, slice) =>
      views.map((_, view) => arms.map((_, arm) => makeCell(find({ slice, view, arm }), (e) => e.accuracy)))
    );
  const primary = primarySlice(slices, cells);
  markTies(readComparisons(results.comparisons), { arms, views, labels, slices, cells });
  return {
    summary: {
      views,
      labels,
      arms,
      slices,
      primary,
      cells,
      accuracy,
      counts: views.map((_, view) =>
        labels.map((label) => countsOf(label, arms, (arm) => find({ slice: primary, view, arm })))
      ),
      published: publishedTable(published, { arms, views, labels }),
    },
    find,
  };
}

/** Describes a slice: `logistic regression on unimodal latents, 10% of the labels`. */
export function sliceName(slice: Slice): string {
  return `${probeName(slice)}, ${formatPercent(slice.fraction)} of the labels`;
}

/** Describes the classifier of a slice. */
export function probeName(slice: Pick<Slice, "probe" | "latents">): string {
  if (slice.probe === "supervised") return "supervised classifier";
  return `${slice.probe.replace("-", " ")} on ${slice.latents === "aggregate" ? "aggregated" : "unimodal"} latents`;
}

function groupKey(key: { arm: number; view: string; probe: string; latents: string; fraction: number }): string {
  return JSON.stringify([key.arm, key.view, key.probe, key.latents, key.fraction]);
}

/** The slices of the results. Supervised classifiers have no probe and appear in the slices of every probe. */
function findSlices(evaluations: readonly Evaluation[]): Slice[] {
  const probed = evaluations.filter((e) => e.probe !== "supervised");
  const kinds = new Map((probed.length > 0 ? probed : evaluations).map((e) => [`${e.probe} ${e.latents}`, e]));
  const fractions = [...new Set(evaluations.map((e) => e.labelledFraction))].sort((a, b) => b - a);
  const rank = (e: Slice) => (e.probe === "logistic-regression" ? 0 : 2) + (e.latents === "unimodal" ? 0 : 1);
  const slices = [...kinds.values()].flatMap(({ probe, latents }) =>
    fractions.map((fraction): Slice => ({ probe, latents, fraction }))
  );
  return slices.sort((a, b) => rank(a) - rank(b) || b.fraction - a.fraction);
}

function primarySlice(slices: readonly Slice[], cells: Summary["cells"]): number {
  const filled = cells.map((views) => views.flatMap((rows) => rows.at(-1)!).filter((cell) => cell !== null).length);
  const full = Math.max(...slices.map((slice, k) => filled[k]! > 0 ? slice.fraction : 0));
  let best = 0;
  slices.forEach((slice, k) => {
    const better = slice.fraction === full && (slices[best]!.fraction !== full || filled[k]! > filled[best]!);
    if (better) best = k;
  });
  return best;
}

function aurocOf(evaluation: Evaluation, label: string | null): Interval | undefined {
  return label === null ? evaluation.macro.auroc : evaluation.metrics.find((metric) => metric.label === label)?.auroc;
}

function makeCell(
  evaluations: readonly Evaluation[],
  measure: (evaluation: Evaluation) => Interval | undefined,
): Cell | null {
  const each = evaluations.flatMap((e): [number, Interval][] => {
    const interval = measure(e);
    return interval === undefined || interval.value === null ? [] : [[e.seed, interval]];
  });
  if (each.length === 0) return null;
  const value = mean(each.map(([, interval]) => interval.value!));
  const lows = each.flatMap(([, interval]) => interval.low ?? []);
  const highs = each.flatMap(([, interval]) => interval.high ?? []);
  const whole = lows.length === each.length && highs.length === each.length;
  const squares = each.reduce((sum, [, interval]) => sum + (interval.value! - value) ** 2, 0);
  return {
    value,
    low: whole ? mean(lows) : null,
    high: whole ? mean(highs) : null,
    spread: each.length > 1 ? Math.sqrt(squares / (each.length - 1)) : null,
    each: each.map(([seed, interval]) => [seed, interval.value!, interval.low, interval.high]),
    mark: "",
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function countsOf(
  label: string,
  arms: readonly Arm[],
  find: (arm: number) => readonly Evaluation[],
): ClassCounts | null {
  for (let arm = 0; arm < arms.length; arm++) {
    const metrics = find(arm)[0]?.metrics.find((m) => m.label === label);
    if (metrics !== undefined) return { positives: metrics.positives, negatives: metrics.negatives };
  }
  return null;
}

/** Arranges published values. Only arms without a variant have a published counterpart. */
function publishedTable(
  published: readonly PublishedValue[],
  names: { arms: readonly Arm[]; views: readonly string[]; labels: readonly string[] },
): Summary["published"] {
  const values = new Map(published.map((p) => [JSON.stringify([p.view, p.label, p.method]), p.auroc]));
  const table = names.views.map((view) =>
    [...names.labels, null].map((label) =>
      names.arms.map((arm) => arm.variant === "" ? values.get(JSON.stringify([view, label, arm.method])) ?? null : null)
    )
  );
  const anyLabel = table.some((rows) => rows.slice(0, -1).some((row) => row.some((value) => value !== null)));
  return anyLabel ? table : null;
}
