/**
 * Texts of the "Pictures and latents" section: what was written, and what the models make of each view.
 *
 * @module
 */
import type { Pictures } from "../../../eval/results/results.ts";
import { scrollRegion } from "../context.ts";
import type { Builder, Child } from "../markup/dom.ts";
import { capitalise } from "../markup/format.ts";
import { picture } from "../markup/picture.ts";

/** Whether a group of examples has a text on either side. */
export function hasText({ fromKind, toKind }: Pictures): boolean {
  return fromKind === "text" || toKind === "text";
}

/** Renders a reconstruction of texts, or a translation from or into texts: one study per row. */
export function textTable(h: Builder, group: Pictures): HTMLElement {
  const { from, to, fromKind, toKind, size } = group;
  const translation = group.kind === "translation";
  const cell = (value: string, options: { isText: boolean; alt: string }): Child =>
    options.isText ? h("td", { class: "report-text" }, value) : h("td", null, picture(h, value, { ...options, size }));
  const columns: readonly (readonly ["input" | "target" | "output", string, boolean])[] = translation
    ? [
      ["input", `${from}, given`, fromKind === "text"],
      ["target", `${to}, true`, toKind === "text"],
      ["output", `${to}, translated`, toKind === "text"],
    ]
    : [["input", `${from}, original`, true], ["output", `${from}, reconstructed`, true]];
  const title = capitalise(translation ? `${from} → ${to}` : `${from}, reconstructed`);
  return h(
    "div",
    { class: "text-group" },
    h("h4", null, title),
    scrollRegion(
      h,
      title,
      h(
        "table",
        { class: "texts" },
        h("thead", null, h("tr", null, columns.map(([, name]) => h("th", { scope: "col" }, capitalise(name))))),
        h(
          "tbody",
          null,
          group.items.map((item, i) =>
            h(
              "tr",
              null,
              columns.map(([key, name, isText]) => cell(item[key], { isText, alt: `Study ${i + 1}: ${name}` })),
            )
          ),
        ),
      ),
    ),
  );
}
