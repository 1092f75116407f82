/**
 * The paired comparisons of a results file, indexed by what they compare.
 *
 * @module
 */
import type { Comparison, Evaluation, SeedDifference } from "../../../eval/results/results.ts";
import { type Arm, settingText } from "./arms.ts";
import { methodName, methodRank } from "./palette.ts";

/** A comparison of two arms. */
export interface ComparisonRow {
  readonly view: string;
  /** A label, or `null` for the macro average. */
  readonly label: string | null;
  readonly fraction: number;
  readonly probe: string;
  /** `null` if unspecified, as for supervised classifiers. */
  readonly latents: string | null;
  /** The setting shared by both, as text; empty if there is none. */
  readonly setting: string;
  /** Names as in the results file. */
  readonly baseline: string;
  readonly method: string;
  readonly difference: Comparison["difference"];
  /** The difference for each seed that both were trained with; empty unless records were compared. */
  readonly bySeed: readonly SeedDifference[];
  readonly p: number | null;
  readonly pHolm: number | null;
}

/** Selects comparisons: all methods against one baseline, for one view, label and basis. */
export interface ComparisonPlace {
  readonly view: string;
  readonly label: string | null;
  readonly basis: string;
  readonly baseline: string;
}

/** Converts the comparisons of a results file. */
export function readComparisons(comparisons: readonly Comparison[]): ComparisonRow[] {
  return comparisons.map((comparison) => ({
    view: comparison.view,
    label: comparison.label,
    fraction: comparison.labelledFraction,
    probe: comparison.probe,
    latents: comparison.latents ?? null,
    setting: settingText(comparison.setting ?? {}),
    baseline: comparison.baseline,
    method: comparison.method,
    difference: comparison.difference,
    bySeed: comparison.bySeed ?? [],
    p: comparison.p,
    pHolm: comparison.pHolm,
  }));
}

/**
 * The basis of a comparison as one key: classifier, latents, setting and labelled fraction. Only comparisons with the
 * same basis are shown together.
 */
export function basisOf(row: ComparisonRow): string {
  return JSON.stringify([row.probe, row.latents, row.setting, row.fraction]);
}

/**
 * The index of the arm that a name in a comparison refers to, or -1. A name is a method, a method with its setting in
 * brackets, or a run if each run of a method is its own arm.
 */
export function armNamed(arms: readonly Arm[], name: string, setting: string): number {
  const plain = arms.findIndex((arm) => arm.method === name && arm.variant === setting);
  if (plain >= 0) return plain;
  const full = arms.findIndex((arm) => arm.variant !== "" && `${arm.method} (${arm.variant})` === name);
  return full >= 0 ? full : arms.findIndex((arm) => arm.variant === `run ${name}`);
}

/** The display name of a compared method. */
export function comparedName(arms: readonly Arm[], name: string): string {
  return arms[armNamed(arms, name, "")]?.name ?? methodName(name);
}

/** The comparisons against a baseline; those that the file stores the other way round are reversed. */
export function comparisonsAgainst(comparisons: readonly ComparisonRow[], at: ComparisonPlace): ComparisonRow[] {
  const found = new Map<string, ComparisonRow>();
  for (const row of comparisons) {
    if (row.view !== at.view || row.label !== at.label || basisOf(row) !== at.basis) continue;
    if (row.baseline === at.baseline) found.set(row.method, row);
    else if (row.method === at.baseline && !found.has(row.baseline)) found.set(row.baseline, reversed(row));
  }
  return [...found.values()].sort((a, b) => methodRank(a.method) - methodRank(b.method));
}

/** Every possible baseline, in table order. */
export function baselines(comparisons: readonly ComparisonRow[]): string[] {
  const names = new Set(comparisons.flatMap((row) => [row.baseline, row.method]));
  return [...names].sort((a, b) => methodRank(a) - methodRank(b));
}

/** The name with which most others are compared; ties prefer the supervised classifier, then the independent VAEs. */
export function defaultBaseline(comparisons: readonly ComparisonRow[]): string | null {
  const others = (name: string) =>
    new Set(
      comparisons.flatMap((row) => row.baseline === name ? [row.method] : row.method === name ? [row.baseline] : []),
    )
      .size;
  const names = baselines(comparisons);
  const most = Math.max(0, ...names.map(others));
  const candidates = names.filter((name) => others(name) === most);
  return ["supervised", "independent"].find((name) => candidates.includes(name)) ?? candidates[0] ?? null;
}

/** The distinct bases of the comparisons, the one closest to a slice first. */
export function basesOf(
  comparisons: readonly ComparisonRow[],
  slice: { readonly probe: Evaluation["probe"]; readonly latents: string; readonly fraction: number },
): ComparisonRow[] {
  const first = new Map<string, ComparisonRow>();
  for (const row of comparisons) if (!first.has(basisOf(row))) first.set(basisOf(row), row);
  const distance = (row: ComparisonRow) =>
    (row.fraction === slice.fraction ? 0 : 8) + (row.probe === slice.probe ? 0 : 4) +
    (row.latents === null || row.latents === slice.latents ? 0 : 2) + (row.setting === "" ? 0 : 1);
  return [...first.values()].sort((a, b) => distance(a) - distance(b) || b.fraction - a.fraction);
}

/** The comparison the other way round. */
export function reversed(row: ComparisonRow): ComparisonRow {
  const { value, low, high } = row.difference;
  const minus = (number: number | null) => number === null ? null : -number;
  return {
    ...row,
    method: row.baseline,
    baseline: row.method,
    difference: { value: minus(value), low: minus(high), high: minus(low) },
    bySeed: row.bySeed.map(({ seed, value }) => ({ seed, value: -value })),
  };
}
