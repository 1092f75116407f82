/**
 * Paired differences of MMVM from other methods, as tables list them and sentences sum them up.
 *
 * @module
 */
import type { Comparison, SeedDifference } from "../../eval/results/results.ts";
import {
  basisOf,
  type ComparisonPlace,
  type ComparisonRow,
  comparisonsAgainst,
  readComparisons,
  reversed,
} from "../report/figures/comparisons.ts";
import { formatDifference } from "../report/markup/format.ts";

/** MMVM's difference from another method in a view, positive where MMVM is ahead. */
export interface PairedDifference {
  readonly view: string;
  /** Where it was taken: a share, a fraction or a setting, as the page names it; empty if there is one place only. */
  readonly at: string;
  /** The other method. */
  readonly other: string;
  /** The setting of both, as text; empty if there is none. */
  readonly setting: string;
  readonly difference: Comparison["difference"];
  /** The difference for each seed that both were trained with. */
  readonly bySeed: readonly SeedDifference[];
  readonly pHolm: number | null;
}

/** The macro averages of comparisons whose difference is defined. */
export function macroRows(comparisons: readonly Comparison[]): ComparisonRow[] {
  return readComparisons(comparisons).filter(({ label, difference }) => label === null && difference.value !== null);
}

/** MMVM's differences from all others at the place of a comparison, whichever way they were taken. */
export function mmvmAgainst(
  rows: readonly ComparisonRow[],
  { place, at }: { place: ComparisonRow; at: string },
): PairedDifference[] {
  const here: ComparisonPlace = { view: place.view, label: null, basis: basisOf(place), baseline: "mmvm" };
  return comparisonsAgainst(rows, here).map((row) => {
    const { view, baseline, setting, difference, bySeed, pHolm } = reversed(row);
    return { view, at, other: baseline, setting, difference, bySeed, pHolm };
  });
}

/** The differences of single seeds: `+0.018, 0.000`. */
export function formatSeeds(bySeed: readonly SeedDifference[]): string {
  return bySeed.map(({ value }) => formatDifference(value)).join(", ");
}

/**
 * Whether MMVM is ahead or behind, with the whole interval and the differences of all seeds on one side of zero, or
 * neither: resampling patients says nothing of how much other seeds would change.
 */
export function standingOf({ difference: { low, high }, bySeed }: PairedDifference): "ahead" | "level" | "behind" {
  const seeds = bySeed.map(({ value }) => value);
  if (low !== null && Math.min(low, ...seeds) > 0) return "ahead";
  return high !== null && Math.max(high, ...seeds) < 0 ? "behind" : "level";
}

/** The differences by MMVM's standing, each with its words: `ahead of`, `level with`, `behind`; those that occur. */
export function byStanding(differences: readonly PairedDifference[]): [string, PairedDifference[]][] {
  const words = { ahead: "ahead of", level: "level with", behind: "behind" };
  const standings = Map.groupBy(differences, standingOf);
  return (["ahead", "level", "behind"] as const).flatMap((standing): [string, PairedDifference[]][] => {
    const own = standings.get(standing);
    return own === undefined ? [] : [[words[standing], own]];
  });
}
