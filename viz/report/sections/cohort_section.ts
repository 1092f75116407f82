/**
 * The "Cohort, labels and subgroups" section.
 *
 * @module
 */
import type { DataRecord } from "../../../eval/results/data_record.ts";
import { captionedTable, note, type ReportContext, section } from "../context.ts";
import type { Child } from "../markup/dom.ts";
import { capitalise, formatCount, formatNumberOf } from "../markup/format.ts";
import { demographicsPart } from "./demographics_part.ts";
import { labelSetsPart } from "./label_sets_part.ts";
import { subgroupPart } from "./subgroup_part.ts";

/**
 * Renders the cohort flow, the check for patients shared between splits, labels and policies, view positions and AUROC
 * by view position.
 */
export function cohortSection(ctx: ReportContext): HTMLElement {
  const { h } = ctx;
  return section(
    h,
    "cohort",
    h("h3", null, "Cohort flow"),
    cohortFlow(ctx),
    h("h3", null, "Splits and patient overlap"),
    splits(ctx),
    overlap(ctx),
    h("h3", null, "Labels and their policies"),
    policies(ctx),
    prevalence(ctx),
    texts(ctx),
    vocabulary(ctx),
    h("h3", null, "View positions"),
    viewMix(ctx),
    h("h3", null, "AUROC by frontal view position"),
    subgroupPart(ctx),
    h("h3", null, "Age, sex and race"),
    demographicsPart(ctx),
    h("h3", null, "Two label sets"),
    labelSetsPart(ctx),
  );
}

/** Creates a table whose first column holds row headings, followed by text columns and then numeric ones. */
function dataTable(
  ctx: ReportContext,
  options: { caption: string; head: readonly string[]; textColumns: number },
  rows: readonly (readonly Child[])[],
): HTMLElement {
  const { h } = ctx;
  const number = (column: number) => column >= options.textColumns ? "number" : null;
  const cells = (row: readonly Child[]) =>
    row.map((cell, column) =>
      column === 0 ? h("th", { scope: "row" }, cell) : h("td", { class: number(column) }, cell)
    );
  return captionedTable(
    ctx,
    options,
    h("thead", null, h("tr", null, options.head.map((text, i) => h("th", { scope: "col", class: number(i) }, text)))),
    h("tbody", null, rows.map((row) => h("tr", null, cells(row)))),
  );
}

function cohortFlow(ctx: ReportContext): Child {
  const { cohort } = ctx.results.data;
  if (cohort.length === 0) return note(ctx.h, "The results do not describe the cohort selection.");
  return dataTable(
    ctx,
    {
      caption: "Cohort size after each selection step, and the reason for each exclusion.",
      head: ["Step", "Reason for exclusion", "Studies remaining", "Studies", "Images", "Patients", "Studies excluded"],
      textColumns: 3,
    },
    cohort.map((step, i) => {
      const dropped = i === 0 ? 0 : cohort[i - 1]!.studies - step.studies;
      return [
        capitalise(step.step),
        step.reason,
        bar(ctx, [{ class: "positive", share: step.studies / Math.max(1, cohort[0]!.studies) }]),
        formatCount(step.studies),
        formatCount(step.images),
        formatCount(step.subjects),
        i === 0 ? "" : formatCount(dropped),
      ];
    }),
  );
}

/** Draws proportions as a stacked horizontal bar; the numbers are in the adjacent cells. */
function bar(ctx: ReportContext, parts: readonly { class: string; share: number }[]): SVGSVGElement {
  const { h } = ctx;
  let x = 0;
  return h.svg(
    "svg",
    { class: "bar", "aria-hidden": "true" },
    h.svg("rect", { class: "track", width: "100%", height: "100%" }),
    parts.map((part) => {
      const from = x;
      x += part.share;
      return h.svg("rect", {
        class: part.class,
        x: `${(from * 100).toFixed(2)}%`,
        width: `${(part.share * 100).toFixed(2)}%`,
        height: "100%",
      });
    }),
  );
}

function splits(ctx: ReportContext): Child {
  const { splits, splitPolicy, pairPolicy } = ctx.results.data;
  if (splits.length === 0) return note(ctx.h, "The results do not describe the splits.");
  return [
    dataTable(
      ctx,
      {
        caption: `Splits (policy: ${splitPolicy}; pairs: ${pairPolicy}).`,
        head: ["Split", "Patients", "Studies", "Pairs"],
        textColumns: 1,
      },
      splits.map((s) => [capitalise(s.split), formatCount(s.subjects), formatCount(s.studies), formatCount(s.pairs)]),
    ),
  ];
}

function overlap(ctx: ReportContext): Child {
  const { h } = ctx;
  const checks = ctx.results.data.patientOverlap;
  if (checks.length === 0) return note(h, "The results do not report whether splits share patients.");
  const shared = checks.filter((check) => check.subjects > 0);
  const pairs = checks.map((check) => `${check.a} and ${check.b}: ${formatCount(check.subjects)}`).join("; ");
  return shared.length === 0
    ? h("p", { class: "check passed" }, `No patient is in more than one split (shared patients: ${pairs}).`)
    : h("p", { class: "check failed" }, h("strong", null, "Patients are shared between splits: "), `${pairs}.`);
}

function policies(ctx: ReportContext): Child {
  const { h } = ctx;
  const { labelSource, uncertainPolicy, blankPolicy } = ctx.results.data;
  const item = (term: string, text: string) => [h("dt", null, term), h("dd", null, text)];
  return h(
    "dl",
    { class: "facts" },
    item("Label source", labelSource),
    item("Uncertain labels", policyText(uncertainPolicy, "uncertain")),
    item("Blank labels", policyText(blankPolicy, "blank")),
  );
}

/** Where the studies' texts come from and how long they are; nothing if no reports were read. */
function texts(ctx: ReportContext): Child {
  const { h } = ctx;
  const { texts } = ctx.results.data;
  if (texts === undefined) return [];
  const { counts } = texts;
  const origins = Object.entries(counts.origins).filter(([, count]) => count > 0);
  const shown = (value: number | undefined) => value === undefined ? "" : formatCount(Math.round(value));
  return [
    h("h3", null, "Reports"),
    h(
      "p",
      null,
      `${formatCount(counts.texts)} of ${formatCount(counts.studies)} studies have a text (${texts.section}; ` +
        `${origins.map(([origin, count]) => `${origin}: ${formatCount(count)}`).join(", ")}). ` +
        `${formatCount(counts.noReport)} have no report, and ${
          formatCount(counts.noSection)
        } reports lack the section. ` +
        `${formatCount(counts.severalReports)} files hold several reports; ${formatCount(counts.addenda)} an addendum.`,
    ),
    dataTable(
      ctx,
      {
        caption: "Length of the texts in words, punctuation included.",
        head: ["Split", "Texts", "Least", "Median", "Mean", "95th percentile", "Most"],
        textColumns: 1,
      },
      texts.lengths.map(({ split, texts, min, median, mean, p95, max }) => [
        capitalise(split),
        formatCount(texts),
        ...[min, median, mean, p95, max].map(shown),
      ]),
    ),
  ];
}

/** A policy's name with its meaning. */
function policyText(policy: string, state: string): string {
  if (policy === "zeros") return `zeros: ${state} counts as negative`;
  if (policy === "ones") return `ones: ${state} counts as positive`;
  if (policy === "ignore") return `ignore: ${state} is excluded`;
  return policy;
}

function prevalence(ctx: ReportContext): Child {
  const { h } = ctx;
  const rows = ctx.results.data.prevalence;
  if (rows.length === 0) return note(h, "The results do not report label states.");
  const order = ["train", "validate", "test"];
  const splits = [...new Set(rows.map((row) => row.split))].sort((a, b) => order.indexOf(a) - order.indexOf(b));
  return [
    h(
      "ul",
      { class: "legend states" },
      ["positive", "uncertain", "negative", "blank"].map((state) =>
        h("li", null, h("span", { class: `chip ${state}` }), capitalise(state))
      ),
    ),
    splits.map((split, i) => {
      const table = dataTable(
        ctx,
        {
          caption: `Label states by study in the ${split} split, before policies are applied.`,
          head: ["Label", "Share", "Positive", "Prevalence", "Uncertain", "Negative", "Blank"],
          textColumns: 2,
        },
        rows.filter((row) => row.split === split).map((row) => prevalenceRow(ctx, row)),
      );
      return i === 0 ? table : h("details", null, h("summary", null, `Label states in the ${split} split`), table);
    }),
  ];
}

function prevalenceRow(ctx: ReportContext, row: DataRecord["prevalence"][number]): Child[] {
  const total = Math.max(1, row.positive + row.uncertain + row.negative + row.blank);
  const states = ["positive", "uncertain", "negative", "blank"] as const;
  return [
    row.label,
    bar(ctx, states.map((state) => ({ class: state, share: row[state] / total }))),
    formatCount(row.positive),
    `${(row.positive / total * 100).toFixed(1)}\u00a0%`,
    formatCount(row.uncertain),
    formatCount(row.negative),
    formatCount(row.blank),
  ];
}

/** What the run's vocabulary covers; nothing for a run without a view of texts. */
function vocabulary(ctx: ReportContext): Child {
  const { textView } = ctx.results.data;
  if (textView === undefined) return null;
  const share = (part: number, whole: number) => whole === 0 ? "" : `${(part / whole * 100).toFixed(1)}\u00a0%`;
  return dataTable(
    ctx,
    {
      caption: `The texts of the run's pairs, their words, the share of words that are not in its vocabulary of ` +
        `${formatCount(textView.vocabulary)} tokens (made of the training split), and the share of texts that are ` +
        `longer than the ${textView.length - 1} words that are used.`,
      head: ["Split", "Texts", "Words", "Unknown words", "Texts cut"],
      textColumns: 1,
    },
    textView.splits.map(({ split, texts, words, unknown, cut }) => [
      capitalise(split),
      formatCount(texts),
      formatCount(words),
      share(unknown, words),
      share(cut, texts),
    ]),
  );
}

function viewMix(ctx: ReportContext): Child {
  const { viewMix } = ctx.results.data;
  if (viewMix.length === 0) return note(ctx.h, "The results do not report view positions.");
  const splits = [...new Set(viewMix.map((entry) => entry.split))];
  const positions = [...Map.groupBy(viewMix, (entry) => JSON.stringify([entry.view, entry.position])).values()];
  const inSplit = (entries: DataRecord["viewMix"], split: string) =>
    entries.filter((e) => e.split === split).reduce((sum, e) => sum + e.images, 0);
  const total = new Map(splits.map((split) => [split, inSplit(viewMix, split)]));
  return dataTable(
    ctx,
    {
      caption: `Images by view position (${
        splits.map((split) => formatNumberOf(total.get(split)!, { one: `${split} image`, many: `${split} images` }))
          .join(", ")
      }).`,
      head: ["View", "Position", ...splits.map(capitalise)],
      textColumns: 2,
    },
    positions.map((entries) => [
      capitalise(entries[0]!.view),
      entries[0]!.position || "(blank)",
      ...splits.map((split) => formatCount(inSplit(entries, split))),
    ]),
  );
}
