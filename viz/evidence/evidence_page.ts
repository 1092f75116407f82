/**
 * A page of figures from the results of experiments: what is known, with two sentences each, and what was not run.
 *
 * @module
 */
import { parseHTML } from "linkedom";
import { evaluationsOf, type EvidenceRecord } from "../../eval/evidence/evidence_record.ts";
import { contentSecurityPolicy } from "../report/content_security_policy.ts";
import { REPORT_STYLE } from "../report/client_bundle.ts";
import { note } from "../report/context.ts";
import { methodStyles } from "../report/figures/method_styles.ts";
import { summarise } from "../report/figures/summary.ts";
import { documentHead } from "../report/markup/document_head.ts";
import { type Builder, createBuilder } from "../report/markup/dom.ts";
import { formatCount } from "../report/markup/format.ts";
import { serialize } from "../report/markup/serialize.ts";
import { dateText } from "../report/sections/repeat_section.ts";
import { differenceTables } from "./difference_table.ts";
import { EVIDENCE_TOPICS, type EvidenceSource, type EvidenceTopic } from "./evidence.ts";
import { evidenceFigure } from "./figures.ts";
import { basisSentence, findingDifferences, findingSentence } from "./findings.ts";

/** The results by experiment; an experiment without any is listed as not run. */
export type Evidence = ReadonlyMap<string, readonly EvidenceSource[]>;

/**
 * Renders the page. Every number on it is read from the results.
 *
 * @returns The complete file, including the doctype; it has no script and loads nothing.
 */
export function renderEvidence(evidence: Evidence): string {
  const { document } = parseHTML("<!doctype html><html><head></head><body></body></html>") as unknown as {
    document: Document;
  };
  const h = createBuilder(document);
  const style = REPORT_STYLE + methodStyles([], 0);
  const policy = contentSecurityPolicy({ scripts: [], styles: [style] });
  const html = h(
    "html",
    { lang: "en" },
    documentHead(h, { title: "Evidence – mmvm", policy, style }),
    body(h, evidence),
  );
  return `<!doctype html>\n${serialize(html)}\n`;
}

function body(h: Builder, evidence: Evidence): HTMLElement {
  const run = EVIDENCE_TOPICS.filter(({ experiment }) => (evidence.get(experiment) ?? []).length > 0);
  const missing = EVIDENCE_TOPICS.filter((topic) => !run.includes(topic));
  return h(
    "body",
    null,
    h(
      "div",
      { class: "page" },
      h("header", null, h("p", { class: "kicker" }, "mmvm evidence"), h("h1", null, "What the experiments show")),
      h(
        "main",
        null,
        h(
          "p",
          null,
          "Every figure and every number below is read from the records that it names; deno task evidence makes " +
            "this page again from them, and adds what experiments have found since. A method is ahead of another if the " +
            "whole interval of their difference is above zero, and so is the difference of each seed; if neither is " +
            "ahead, they are level.",
        ),
        run.map((topic) => topicSection(h, topic, evidence.get(topic.experiment)!)),
        missing.length === 0 ? null : h(
          "section",
          { id: "not-run", "aria-labelledby": "not-run-title" },
          h("h2", { id: "not-run-title" }, "Not run"),
          h(
            "ul",
            null,
            missing.map(({ experiment, title }) =>
              h("li", null, `${title}: `, h("code", null, `deno task experiment ${experiment}`))
            ),
          ),
        ),
      ),
      h("footer", null, h("p", null, "Not for clinical use.")),
    ),
  );
}

function topicSection(h: Builder, topic: EvidenceTopic, sources: readonly EvidenceSource[]): HTMLElement {
  const id = topic.experiment;
  return h(
    "section",
    { id, "aria-labelledby": `${id}-title` },
    h("h2", { id: `${id}-title` }, topic.title),
    note(h, topic.statement),
    sources.map((source) => sourcePart(h, topic, source)),
  );
}

/** A link to a report beside the page. The builder refuses what leads out of a page; a plain file name stays here. */
function linkTo(h: Builder, file: string): HTMLElement {
  if (!/^\w[\w.-]*\.html$/.test(file)) {
    throw new TypeError(`a report is linked by its file name, such as table.html, not by ${JSON.stringify(file)}`);
  }
  const link = h("a", null, "its report");
  link.setAttribute("href", file);
  return link;
}

/** Says how many of the runs a report shows, if not all. */
function reportNote({ runs, reportRuns }: EvidenceRecord): string {
  if (reportRuns === undefined || reportRuns === runs.length) return ".";
  return ` shows ${formatCount(reportRuns)} of these ${formatCount(runs.length)} runs.`;
}

function sourcePart(h: Builder, { figure, title }: EvidenceTopic, source: EvidenceSource): HTMLElement {
  const { record, comparisons, path, report } = source;
  const evaluations = evaluationsOf(record);
  const { summary } = summarise({ data: record.data, runs: record.runs, evaluations, comparisons });
  return h(
    "figure",
    { class: "wide" },
    evidenceFigure(h, evaluations, { summary, figure, tradeOff: record.tradeOff }),
    differenceTables(h, findingDifferences(source, { summary, figure }), summary),
    h(
      "figcaption",
      null,
      h("strong", null, `${title}, ${record.title}.`),
      ` ${findingSentence(source, { summary, figure })} ${basisSentence(record, { summary, figure })} From `,
      h("code", null, path),
      ` of ${dateText(record.createdAt)}; `,
      report === undefined ? "its report is not here." : [linkTo(h, report), reportNote(record)],
    ),
  );
}
