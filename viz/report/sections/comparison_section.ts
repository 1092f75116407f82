import { note, type ReportContext, section } from "../context.ts";
import { efficiencyPart } from "./efficiency_part.ts";
import { forestPart } from "./forest_part.ts";
import { settingPart } from "./setting_part.ts";

/** AUROC against the labelled fraction and against other settings, and differences to a baseline. */
export function comparisonSection(ctx: ReportContext): HTMLElement {
  const { h, summary } = ctx;
  return section(
    h,
    "comparison",
    h("h3", null, "AUROC against the labelled fraction"),
    efficiencyPart(ctx),
    settingPart(ctx),
    h("h3", null, "Differences to a baseline"),
    summary.arms.length === 0 ? note(h, "There is nothing to compare: the file holds no evaluation.") : forestPart(ctx),
  );
}
