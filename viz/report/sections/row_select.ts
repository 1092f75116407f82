import type { ReportContext } from "../context.ts";

/** A select of the macro average and every label, for figures that the script draws again. */
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
