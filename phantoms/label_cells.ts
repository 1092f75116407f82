/**
 * Label values as the data sets write them.
 *
 * @module
 */
import { LABEL_STATES, type LabelState } from "../data/index/labels.ts";
import type { ReportedLabels } from "./reports.ts";

/** Formats a study's labels as both data sets do: 1.0, 0.0, -1.0 for uncertain, or empty. */
export function labelCells(labels: ReportedLabels, order: readonly string[]): string[] {
  return order.map((label) => cell(labels[label as keyof ReportedLabels]));
}

function cell(state: LabelState): string {
  switch (state) {
    case LABEL_STATES.positive:
      return "1.0";
    case LABEL_STATES.negative:
      return "0.0";
    case LABEL_STATES.uncertain:
      return "-1.0";
    default:
      return "";
  }
}
