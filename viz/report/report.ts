/**
 * The report: one HTML file with everything in it, made from one `results.json`.
 *
 * @module
 */
import { parseHTML } from "linkedom";
import type { Results } from "../../eval/results/results_schema.ts";
import { CLIENT_SCRIPT, REPORT_STYLE } from "./client_bundle.ts";
import { readComparisons } from "./figures/comparisons.ts";
import { contentSecurityPolicy, embeddableJson } from "./content_security_policy.ts";
import { numbering, type ReportContext, SECTIONS } from "./context.ts";
import { type Builder, createBuilder } from "./markup/dom.ts";
import { withoutIdentifiers } from "./identifiers.ts";
import { collectLatents } from "./figures/latents.ts";
import { methodStyles } from "./figures/method_styles.ts";
import { packPageData, PAGE_DATA_ID } from "./page_data.ts";
import { aurocSection } from "./sections/auroc_section.ts";
import { cohortSection } from "./sections/cohort_section.ts";
import { comparisonSection } from "./sections/comparison_section.ts";
import { curvesSection } from "./sections/curves_section.ts";
import { picturesSection } from "./sections/pictures_section.ts";
import { dateText, repeatSection } from "./sections/repeat_section.ts";
import { summarySection } from "./sections/summary_section.ts";
import { trainingSection } from "./sections/training_section.ts";
import { serialize } from "./markup/serialize.ts";
import { type PublishedValue, summarise } from "./figures/summary.ts";

/** What may go into a report beyond the results. */
export interface ReportOptions {
  /** Published AUROCs to set beside the measured ones; those whose view, label or method the results lack are left out. */
  readonly published?: readonly PublishedValue[];
  /** Embed pictures even where they show patients. Pictures of phantoms and digits are embedded without it. */
  readonly includeImages?: boolean;
  /** Show study and patient identifiers; without it none appears anywhere in the file. */
  readonly includeIds?: boolean;
}

/**
 * The report as the text of an HTML file that needs no network, no server and, to be read, no script.
 *
 * @param results Validated results of one run, or of several (see `combineResults`).
 * @returns The whole file, from the doctype on.
 *
 * @example
 * ```ts
 * import { resultsSchema } from "../../eval/results/results_schema.ts";
 * import { renderReport } from "./report.ts";
 * const results = resultsSchema.parse(JSON.parse(await Deno.readTextFile("runs/demo/results.json")));
 * await Deno.writeTextFile("runs/demo/report.html", renderReport(results));
 * ```
 */
export function renderReport(results: Results, options: ReportOptions = {}): string {
  const includeIds = options.includeIds ?? false;
  const shown = includeIds ? results : withoutIdentifiers(results);
  const { document } = parseHTML("<!doctype html><html><head></head><body></body></html>") as unknown as {
    document: Document;
  };
  const summarised = summarise(shown, options.published);
  const ctx: ReportContext = {
    ...summarised,
    h: createBuilder(document),
    results: shown,
    comparisons: readComparisons(shown.comparisons),
    latents: collectLatents({ results: shown, summary: summarised.summary, includeIds }),
    includeImages: options.includeImages ?? false,
    includeIds,
    number: numbering(),
  };
  const style = REPORT_STYLE + methodStyles(ctx.summary.arms, ctx.summary.views.length);
  const html = ctx.h("html", { lang: "en" }, head(ctx, style), body(ctx));
  return `<!doctype html>\n${serialize(html)}\n`;
}

function head(ctx: ReportContext, style: string): HTMLElement {
  const { h, results } = ctx;
  const policy = contentSecurityPolicy({ scripts: [CLIENT_SCRIPT], styles: [style] });
  return h(
    "head",
    null,
    h("meta", { charset: "utf-8" }),
    h("meta", { "http-equiv": "Content-Security-Policy", content: policy }),
    h("meta", { name: "viewport", content: "width=device-width, initial-scale=1" }),
    h("meta", { name: "referrer", content: "no-referrer" }),
    h("meta", { name: "generator", content: "mmvm" }),
    h("meta", { name: "color-scheme", content: "light dark" }),
    h("title", null, `${results.title} – mmvm report`),
    h("style", null, style),
  );
}

function body(ctx: ReportContext): HTMLElement {
  const { h, results } = ctx;
  const data = packPageData({ summary: ctx.summary, comparisons: ctx.comparisons, latents: ctx.latents });
  return h(
    "body",
    null,
    h("a", { class: "skip", href: "#summary" }, "To the results"),
    h(
      "div",
      { class: "page" },
      contents(h),
      h(
        "header",
        null,
        h("p", { class: "kicker" }, `mmvm report · ${results.data.dataset} · ${dateText(results.createdAt)}`),
        h("h1", null, results.title),
      ),
      h("main", null, sections(ctx)),
      h(
        "footer",
        null,
        h(
          "p",
          null,
          "Not for clinical use. Made by mmvm from results.json, which holds every score; nothing here was loaded from elsewhere.",
        ),
      ),
    ),
    h("script", { type: "application/json", id: PAGE_DATA_ID }, embeddableJson(data)),
    h("script", null, CLIENT_SCRIPT),
  );
}

function sections(ctx: ReportContext): HTMLElement[] {
  return [
    summarySection(ctx),
    aurocSection(ctx),
    comparisonSection(ctx),
    curvesSection(ctx),
    trainingSection(ctx),
    picturesSection(ctx),
    cohortSection(ctx),
    repeatSection(ctx),
  ];
}

function contents(h: Builder): HTMLElement {
  return h(
    "nav",
    { class: "contents", "aria-label": "Contents" },
    h(
      "ol",
      null,
      SECTIONS.map(([id, name], i) =>
        h("li", null, h("a", { href: `#${id}` }, h("span", { class: "ordinal" }, String(i + 1)), name))
      ),
    ),
  );
}
