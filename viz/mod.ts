/**
 * Reports: one self-contained HTML file from the results of one run or several.
 *
 * @module
 */
export { renderReport, type ReportOptions } from "./report/report.ts";
export type { AddedPart } from "./report/added_part.ts";
export type { Attributes, Builder, Child } from "./report/markup/dom.ts";
export { type Evidence, renderEvidence } from "./evidence/evidence_page.ts";
export { EVIDENCE_TOPICS, type EvidenceFigure, type EvidenceSource, type EvidenceTopic } from "./evidence/evidence.ts";
export { combineResults } from "./report/combine_results.ts";
export type { PublishedValue } from "./report/figures/summary.ts";
