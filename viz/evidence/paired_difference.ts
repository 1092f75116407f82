/**
 * Paired differences of MMVM from other methods, as tables list them and sentences sum them up.
 *
 * @module
 */
import type { Comparison } from "../../eval/results/results.ts";
import {
  basisOf,
  type ComparisonPlace,
  type ComparisonRow,
  comparisonsAgainst,
  readComparisons,
} from "../report/figures/comparisons.ts";
import { methodName } from "../report/figures/palette.ts";
import { formatList } from "../report/markup/format.ts";

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
  return comparisonsAgainst(rows, here).map(({ view, method, setting, difference, pHolm }) => {
    const { value, low, high } = difference;
    const minus = (number: number | null) => number === null ? null : -number;
    return {
      ...{ view, at, setting, pHolm },
      other: method,
      difference: { value: minus(value), low: minus(high), high: minus(low) },
    };
  });
}

/** Whether MMVM is ahead or behind, with the whole interval on one side of zero, or neither. */
export function standingOf({ difference: { low, high } }: PairedDifference): "ahead" | "level" | "behind" {
  if (low !== null && low > 0) return "ahead";
  return high !== null && high < 0 ? "behind" : "level";
}

/** `ahead of PoE and MoE, level with Independent`; empty if there are none. */
export function standingText(differences: readonly PairedDifference[]): string {
  const words = { ahead: "ahead of", level: "level with", behind: "behind" };
  const standings = Map.groupBy(differences, standingOf);
  return (["ahead", "level", "behind"] as const).flatMap((standing) => {
    const names = (standings.get(standing) ?? []).map(({ other }) => methodName(other));
    return names.length === 0 ? [] : [`${words[standing]} ${formatList(names)}`];
  }).join(", ");
}
