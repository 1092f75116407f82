/**
 * What all sections share: the data they draw from, and the building blocks of their layout.
 *
 * @module
 */
import type { Results } from "../../eval/results/results.ts";
import type { Builder, Child } from "./markup/dom.ts";
import type { ComparisonRow } from "./figures/comparisons.ts";
import type { Latents } from "./figures/latents.ts";
import type { Summarised } from "./figures/summary.ts";

/** Everything a section needs. */
export interface ReportContext extends Summarised {
  readonly h: Builder;
  readonly results: Results;
  readonly comparisons: readonly ComparisonRow[];
  readonly latents: Latents;
  readonly includeImages: boolean;
  readonly includeIds: boolean;
  /** Returns the next figure or table label, numbered across the whole report. */
  readonly number: (kind: "Figure" | "Table") => string;
}

/** Creates a counter for {@linkcode ReportContext.number}. */
export function numbering(): (kind: "Figure" | "Table") => string {
  const last = { Figure: 0, Table: 0 };
  return (kind) => `${kind} ${++last[kind]}.`;
}

/** The sections of the report in order, each with its fragment identifier and heading. */
export const SECTIONS = [
  ["summary", "Summary"],
  ["auroc", "AUROC by label"],
  ["comparison", "Label efficiency and paired differences"],
  ["curves", "ROC, precision-recall and reliability"],
  ["training", "Training"],
  ["pictures", "Pictures and latents"],
  ["cohort", "Cohort, labels and subgroups"],
  ["repeat", "Reproducibility"],
] as const;

/** Creates a section with its heading, numbered as in {@linkcode SECTIONS}. */
export function section(h: Builder, id: typeof SECTIONS[number][0], ...children: Child[]): HTMLElement {
  const index = SECTIONS.findIndex(([name]) => name === id);
  return h(
    "section",
    { id, "aria-labelledby": `${id}-title` },
    h("h2", { id: `${id}-title` }, h("span", { class: "ordinal" }, String(index + 1)), " ", SECTIONS[index]![1]),
    children,
  );
}

/** Creates the note shown in place of a part that has no data. */
export function note(h: Builder, ...content: Child[]): HTMLElement {
  return h("p", { class: "note" }, content);
}

/** Whether a view of the summary is one of texts. */
export function isTextView({ results, summary }: Pick<ReportContext, "results" | "summary">, view: number): boolean {
  return summary.views[view] === results.data.textView?.view;
}

/** Creates the note that must stand beside every AUROC of a view of texts. */
export function textCaution(h: Builder): HTMLElement {
  return note(
    h,
    "The labels were mined from the texts themselves: the AUROC of this view shows how much of a text its latent " +
      "keeps, not how well it diagnoses.",
  );
}

/** Creates the note that must stand beside a figure or tables of several views, if one of them is of texts. */
export function figureCaution(ctx: ReportContext): HTMLElement | null {
  const view = ctx.summary.views.find((_, v) => isTextView(ctx, v));
  return view === undefined ? null : note(
    ctx.h,
    `The labels were mined from the texts themselves: what the ${view} view scores shows how much of a text its ` +
      "latent keeps, not how well it diagnoses.",
  );
}

/** Creates a caption that begins with its number, in journal style. */
export function caption(h: Builder, label: string, ...text: Child[]): Child[] {
  return [h("strong", null, label), " ", ...text];
}

/** Creates a figure with its numbered caption below. */
export function figure(
  ctx: ReportContext,
  options: { caption: Child; class?: string },
  ...content: Child[]
): HTMLElement {
  const { h } = ctx;
  return h(
    "figure",
    { class: options.class },
    content,
    h("figcaption", null, caption(h, ctx.number("Figure"), options.caption)),
  );
}

/** Creates a horizontally scrollable, focusable region, so that wide content never makes the page itself scroll. */
export function scrollRegion(h: Builder, name: string, ...content: Child[]): HTMLElement {
  return h("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": name }, content);
}

/** Creates a table with a numbered caption, which stays in place while the table scrolls. */
export function captionedTable(
  ctx: ReportContext,
  options: { caption: string; class?: string },
  ...content: Child[]
): HTMLElement {
  const { h } = ctx;
  const label = ctx.number("Table");
  const id = label.toLowerCase().replace(/[^a-z0-9]+/g, "-") + "caption";
  return h(
    "div",
    { class: "table-block" },
    h("p", { class: "table-caption", id }, caption(h, label, options.caption)),
    scrollRegion(
      h,
      options.caption,
      h("table", { class: `plain ${options.class ?? ""}`.trim(), "aria-labelledby": id }, content),
    ),
  );
}

/**
 * Creates radio buttons that choose which of several panels is visible, by CSS alone. In print all panels are visible.
 */
export function choice(
  h: Builder,
  options: { name: string; legend: string; options: readonly { value: string; text: string }[] },
): HTMLElement {
  return h(
    "fieldset",
    { class: "choice" },
    h("legend", null, options.legend),
    options.options.map(({ value, text }, i) =>
      h(
        "label",
        null,
        h("input", { type: "radio", name: options.name, value, "data-choice": value, checked: i === 0 }),
        h("span", null, text),
      )
    ),
  );
}
