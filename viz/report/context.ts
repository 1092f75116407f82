import type { Results } from "../../eval/results/results_schema.ts";
import type { Builder, Child } from "./markup/dom.ts";
import type { ComparisonRow } from "./figures/comparisons.ts";
import type { Latents } from "./figures/latents.ts";
import type { Summarised } from "./figures/summary.ts";

/** What every section draws from. */
export interface ReportContext extends Summarised {
  readonly h: Builder;
  readonly results: Results;
  readonly comparisons: readonly ComparisonRow[];
  readonly latents: Latents;
  readonly includeImages: boolean;
  readonly includeIds: boolean;
  /** The next number of a figure or a table, counted through the whole report. */
  readonly number: (kind: "Figure" | "Table") => string;
}

/** A counter for {@linkcode ReportContext.number}. */
export function numbering(): (kind: "Figure" | "Table") => string {
  const last = { Figure: 0, Table: 0 };
  return (kind) => `${kind} ${++last[kind]}.`;
}

/** The parts of the report, in order: the address of each and its heading. */
export const SECTIONS = [
  ["summary", "Summary"],
  ["auroc", "AUROC by label"],
  ["comparison", "Labelled data and differences"],
  ["curves", "ROC, precision-recall and reliability"],
  ["training", "Training"],
  ["pictures", "Pictures and latents"],
  ["cohort", "Cohort, labels and subgroups"],
  ["repeat", "How to repeat this"],
] as const;

/** A section with its heading, numbered as in {@linkcode SECTIONS}. */
export function section(h: Builder, id: typeof SECTIONS[number][0], ...children: Child[]): HTMLElement {
  const index = SECTIONS.findIndex(([name]) => name === id);
  return h(
    "section",
    { id, "aria-labelledby": `${id}-title` },
    h("h2", { id: `${id}-title` }, h("span", { class: "ordinal" }, String(index + 1)), " ", SECTIONS[index]![1]),
    children,
  );
}

/** A sentence that stands where a part of the report has nothing to show. */
export function note(h: Builder, ...content: Child[]): HTMLElement {
  return h("p", { class: "note" }, content);
}

/** A caption that begins with its number, in journal style. */
export function caption(h: Builder, label: string, ...text: Child[]): Child[] {
  return [h("strong", null, label), " ", ...text];
}

/** A figure with its caption below. */
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

/** A region that scrolls sideways by itself, so that the page never does, and that the keyboard reaches. */
export function scrollRegion(h: Builder, name: string, ...content: Child[]): HTMLElement {
  return h("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": name }, content);
}

/** A table with a numbered caption, which stays in sight while the table scrolls by itself. */
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

/** Controls that choose which of several panels is seen, by style sheet alone; without one chosen, and on paper, all are. */
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
