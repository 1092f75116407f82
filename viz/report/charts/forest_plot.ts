/**
 * The forest plot of paired AUROC differences to a baseline.
 *
 * @module
 */
import type { Arm } from "../figures/arms.ts";
import {
  armNamed,
  comparedName,
  type ComparisonPlace,
  type ComparisonRow,
  comparisonsAgainst,
} from "../figures/comparisons.ts";
import type { Builder, Child } from "../markup/dom.ts";
import { formatDifference, formatDifferenceInterval, formatP } from "../markup/format.ts";
import { intervalTable } from "./interval_table.ts";

/** Draws the AUROC differences to a baseline with their intervals; `null` if the results contain no such comparison. */
export function forestPlot(
  h: Builder,
  data: { comparisons: readonly ComparisonRow[]; arms: readonly Arm[]; caption: Child },
  at: ComparisonPlace,
): HTMLTableElement | null {
  const { arms } = data;
  const rows = comparisonsAgainst(data.comparisons, at);
  if (rows.length === 0) return null;
  const views = [...new Set(data.comparisons.map((row) => row.view))];
  const everywhere = views.flatMap((view) => comparisonsAgainst(data.comparisons, { ...at, view }));
  return intervalTable(h, {
    caption: data.caption,
    head: `Against ${comparedName(arms, at.baseline)}`,
    axis: "Difference in AUROC",
    columns: ["Difference", "95% interval", "p", "p (Holm)"],
    reference: 0,
    range: everywhere.flatMap(({ difference }) => [difference.low, difference.high]),
    rows: rows.map((row) => {
      const index = armNamed(arms, row.method, row.setting);
      const { value, low, high } = row.difference;
      return {
        arm: arms[index] ?? null,
        index,
        name: comparedName(arms, row.method),
        value,
        low,
        high,
        cells: [formatDifference(value), formatDifferenceInterval(low, high), formatP(row.p), formatP(row.pHolm)],
      };
    }),
  });
}
