/**
 * Renders `results.json` as a self-contained HTML file.
 *
 * @module
 */
import { parseHTML } from "linkedom";
import type { Results } from "../../eval/results/results.ts";
import type { AddedPart } from "./added_part.ts";
import { CLIENT_SCRIPT, REPORT_STYLE } from "./client_bundle.ts";
import { readComparisons } from "./figures/comparisons.ts";
import { contentSecurityPolicy, embeddableJson } from "./content_security_policy.ts";
import { numbering, type ReportContext, SECTIONS } from "./context.ts";
import { documentHead } from "./markup/document_head.ts";
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

/** Options of {@linkcode renderReport}. */
export interface ReportOptions {
  /** Published AUROCs to compare with; those whose view, label or method is not in the results are ignored. */
  readonly published?: readonly PublishedValue[];
  /** Embed pictures even if they show patients. Pictures of phantoms and digits are always embedded. */
  readonly includeImages?: boolean;
  /** Include study and patient identifiers; by default none appears anywhere in the file. */
  readonly includeIds?: boolean;
  /** A part to be added. */
  readonly part?: AddedPart;
}

/**
 * Renders the report as one HTML file that needs no network, no server and, for reading, no script.
 *
 * @param results Validated results of one run, or of several runs (see `combineResults`).
 * @returns The complete file, including the doctype.
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
  const { part } = options;
  const html = ctx.h("html", { lang: "en" }, head(ctx, { style: style + (part?.style ?? ""), part }), body(ctx, part));
  return `<!doctype html>\n${serialize(html)}\n`;
}

function head(ctx: ReportContext, { style, part }: { style: string; part: AddedPart | undefined }): HTMLElement {
  const { h, results } = ctx;
  const scripts = [CLIENT_SCRIPT, ...(part ? [part.script] : [])];
  const policy = contentSecurityPolicy({ scripts, styles: [style], wasm: part !== undefined });
  const title = `${results.title} – mmvm ${part?.place === "first" ? "model" : "report"}`;
  return documentHead(h, { title, policy, style });
}

function body(ctx: ReportContext, part: AddedPart | undefined): HTMLElement {
  const { h, results } = ctx;
  const isFirst = part?.place === "first";
  const data = packPageData({ summary: ctx.summary, comparisons: ctx.comparisons, latents: ctx.latents });
  return h(
    "body",
    null,
    h("a", { class: "skip", href: isFirst ? `#${part.id}` : "#summary" }, "Skip to the results"),
    h(
      "div",
      { class: "page" },
      contents(h, part),
      h(
        "header",
        null,
        part ? h("p", { class: "notice" }, part.notice) : null,
        h(
          "p",
          { class: "kicker" },
          `mmvm ${isFirst ? "model" : "report"} · ${results.data.dataset} · ${dateText(results.createdAt)}`,
        ),
        h("h1", null, results.title),
      ),
      h("main", null, isFirst ? part.build(h) : null, sections(ctx), part && !isFirst ? part.build(h) : null),
      h(
        "footer",
        null,
        h(
          "p",
          null,
          "Not for clinical use. Generated by mmvm from results.json, which contains every score; this file loads " +
            "nothing from elsewhere.",
        ),
      ),
    ),
    h("script", { type: "application/json", id: PAGE_DATA_ID }, embeddableJson(data)),
    part?.blocks.map(({ id, type, text }) => h("script", { type, id }, text)),
    h("script", null, CLIENT_SCRIPT),
    part ? h("script", null, part.script) : null,
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

function contents(h: Builder, part: AddedPart | undefined): HTMLElement {
  const added = part ? h("li", null, h("a", { href: `#${part.id}` }, part.name)) : null;
  return h(
    "nav",
    { class: "contents", "aria-label": "Contents" },
    h(
      "ol",
      null,
      part?.place === "first" ? added : null,
      SECTIONS.map(([id, name], i) =>
        h("li", null, h("a", { href: `#${id}` }, h("span", { class: "ordinal" }, String(i + 1)), name))
      ),
      part?.place === "last" ? added : null,
    ),
  );
}
