/**
 * Tables of MMVM's paired differences from other methods.
 *
 * @module
 */
import { intervalTable } from "../report/charts/interval_table.ts";
import { scrollRegion } from "../report/context.ts";
import { armNamed, comparedName } from "../report/figures/comparisons.ts";
import { methodName } from "../report/figures/palette.ts";
import type { Summary } from "../report/figures/summary.ts";
import type { Builder } from "../report/markup/dom.ts";
import { capitalise, formatDifference, formatDifferenceInterval, formatP } from "../report/markup/format.ts";
import { formatSeeds, type PairedDifference } from "./paired_difference.ts";

/** Draws a table for each view; none without differences. */
export function differenceTables(
  h: Builder,
  differences: readonly PairedDifference[],
  { views, arms }: Pick<Summary, "views" | "arms">,
): HTMLElement[] {
  // With one seed its difference is that of the row.
  const showsSeeds = differences.some(({ bySeed }) => bySeed.length > 1);
  const range = differences.flatMap(({ difference: { low, high } }) => [low, high]);
  return views.flatMap((view) => {
    const own = differences.filter((each) => each.view === view);
    if (own.length === 0) return [];
    const table = intervalTable(h, {
      caption: `${capitalise(view)} view: MMVM against the others (paired bootstrap)`,
      head: "Against",
      axis: "Difference in AUROC",
      columns: ["Difference", "95% interval", "p (Holm)", ...(showsSeeds ? ["By seed"] : [])],
      reference: 0,
      range,
      rows: own.map(({ at, other, setting, difference: { value, low, high }, bySeed, pHolm }) => {
        const index = armNamed(arms, other, setting);
        return {
          arm: arms[index] ?? null,
          ...{ index, value, low, high },
          name: at === "" ? comparedName(arms, other) : `${methodName(other)} (${at})`,
          cells: [
            formatDifference(value),
            formatDifferenceInterval(low, high),
            formatP(pHolm),
            ...(showsSeeds ? [formatSeeds(bySeed)] : []),
          ],
        };
      }),
    });
    return [scrollRegion(h, `Differences in the ${view} view`, table)];
  });
}
