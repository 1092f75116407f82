/**
 * Table cells of a score that was measured in several runs.
 *
 * @module
 */
import type { Interval } from "../../../eval/results/interval.ts";
import type { ReportContext } from "../context.ts";
import { formatInterval, formatScore } from "../markup/format.ts";

/** Creates two cells: the mean over runs, and the mean of the ends of their intervals. */
export function intervalCells({ h }: ReportContext, intervals: readonly Interval[]): HTMLElement[] {
  const mean = (end: keyof Interval) => {
    const values = intervals.flatMap((interval) => interval[end] ?? []);
    return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  return [
    h("td", { class: "number" }, formatScore(mean("value"))),
    h("td", { class: "number muted" }, formatInterval(mean("low"), mean("high"))),
  ];
}
