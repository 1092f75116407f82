/**
 * The "Label efficiency and paired differences" section.
 *
 * @module
 */
import { note, type ReportContext, section } from "../context.ts";
import { efficiencyPart } from "./efficiency_part.ts";
import { forestPart } from "./forest_part.ts";
import { settingPart } from "./setting_part.ts";

/** Renders AUROC against the labelled fraction and other settings, and paired differences to a baseline. */
export function comparisonSection(ctx: ReportContext): HTMLElement {
  const { h, summary } = ctx;
  return section(
    h,
    "comparison",
    h("h3", null, "AUROC against the labelled fraction"),
    efficiencyPart(ctx),
    settingPart(ctx),
    h("h3", null, "Paired differences to a baseline"),
    summary.arms.length === 0 ? note(h, "Nothing to compare: the results contain no evaluation.") : forestPart(ctx),
  );
}
