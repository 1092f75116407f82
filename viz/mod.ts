/**
 * Reports: one self-contained HTML file from the results of one run or several.
 *
 * @module
 */
export { renderReport, type ReportOptions } from "./report/report.ts";
export { combineResults } from "./report/combine_results.ts";
export type { PublishedValue } from "./report/figures/summary.ts";
