/**
 * A select shared by the figures that show one row at a time.
 *
 * @module
 */
import type { ReportContext } from "../context.ts";

/** Creates a select of the macro average and all labels, for figures that the client script redraws. */
export function rowSelect(ctx: ReportContext, id: string): HTMLElement {
  const { h, summary } = ctx;
  return h(
    "label",
    { class: "script" },
    "Show ",
    h(
      "select",
      { id },
      h("option", { value: summary.labels.length, selected: true }, "Macro average"),
      summary.labels.map((label, row) => h("option", { value: row }, label)),
    ),
  );
}
