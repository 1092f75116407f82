/**
 * The "Reproducibility" section.
 *
 * @module
 */
import type { RunRecord } from "../../../eval/results/results.ts";
import { flatten } from "../figures/arms.ts";
import { captionedTable, note, type ReportContext, section } from "../context.ts";
import type { Builder, Child } from "../markup/dom.ts";
import { capitalise, formatCount, formatDuration } from "../markup/format.ts";
import { methodName } from "../figures/palette.ts";

/** Stages in execution order; unknown stages follow. */
const STAGES = ["prepare", "train", "encode", "probe"];

/**
 * Renders what is needed to reproduce the results: commands, configurations, seeds, versions, adapters and durations.
 */
export function repeatSection(ctx: ReportContext): HTMLElement {
  const { h, results } = ctx;
  return section(
    h,
    "repeat",
    h("h3", null, "Runs"),
    runsTable(ctx),
    h("h3", null, "Commands"),
    commands(ctx),
    h("h3", null, "Configuration"),
    configuration(ctx),
    h("h3", null, "Versions and adapter"),
    versions(ctx),
    h(
      "p",
      { class: "explanation" },
      `Results written ${dateText(results.createdAt)} (schema ${results.schema}, version ${results.version}).`,
    ),
  );
}

function runsTable(ctx: ReportContext): HTMLElement {
  const { h, results } = ctx;
  const found = new Set(results.runs.flatMap((run) => Object.keys(run.seconds)));
  const stages = [
    ...STAGES.filter((stage) => found.has(stage)),
    ...[...found].filter((stage) => !STAGES.includes(stage)),
  ];
  const left = (text: string) => h("th", { scope: "col" }, text);
  const right = (text: string) => h("th", { scope: "col", class: "number" }, text);
  return captionedTable(
    ctx,
    { caption: "Runs: seeds, sizes and durations." },
    h(
      "thead",
      null,
      h(
        "tr",
        null,
        left("Run"),
        left("Method"),
        right("Seed"),
        right("Parameters"),
        right("Steps"),
        stages.map((stage) => right(capitalise(stage))),
        left("Created (UTC)"),
      ),
    ),
    h("tbody", null, results.runs.map((run) => runRow(h, run, stages))),
  );
}

/** The number of steps, or which checkpoint was evaluated instead of the last. */
function stepsOf({ checkpoint, training }: RunRecord): string {
  if (checkpoint?.which === "best") return `${formatCount(checkpoint.step)} (best checkpoint)`;
  return formatCount(training.step.at(-1) ?? 0);
}

function runRow(h: Builder, run: RunRecord, stages: readonly string[]): HTMLElement {
  const number = (text: string) => h("td", { class: "number" }, text);
  return h(
    "tr",
    null,
    h("th", { scope: "row" }, run.name),
    h("td", null, methodName(run.method)),
    number(String(run.seed)),
    number(formatCount(run.parameters)),
    number(stepsOf(run)),
    stages.map((stage) => number(run.seconds[stage] === undefined ? "–" : formatDuration(run.seconds[stage]))),
    h("td", { class: "date" }, dateText(run.createdAt).replace(" UTC", "")),
  );
}

function commands(ctx: ReportContext): Child {
  const { h, results } = ctx;
  const lines = [...new Set(results.runs.flatMap((run) => run.commands))];
  if (lines.length === 0) return note(h, "The results do not record the commands that produced them.");
  return h("pre", { tabindex: "0", role: "region", "aria-label": "Commands" }, h("code", null, lines.join("\n")));
}

/** Lists the settings shared by all runs once, and the others by run. */
function configuration(ctx: ReportContext): Child {
  const { h, results } = ctx;
  const configs = results.runs.map((run) => flatten(run.config));
  const keys = [...new Set(configs.flatMap((config) => [...config.keys()]))];
  if (keys.length === 0) return note(h, "The results contain no configuration.");
  const shared = keys.filter((key) => new Set(configs.map((config) => config.get(key))).size === 1);
  const said = (run: RunRecord, value: string | undefined) =>
    [run.name, run.method, String(run.seed)].includes(value ?? "");
  const differing = keys.filter((key) =>
    !shared.includes(key) && !results.runs.every((run, i) => said(run, configs[i]!.get(key)))
  );
  return [
    h(
      "dl",
      { class: "facts" },
      shared.map((key) => [h("dt", null, key), h("dd", null, configs[0]!.get(key) || "(empty)")]),
    ),
    differing.length === 0 ? null : configByRun(ctx, { configs, differing }),
  ];
}

function configByRun(
  ctx: ReportContext,
  { configs, differing }: { configs: readonly Map<string, string>[]; differing: readonly string[] },
): HTMLElement {
  const { h, results } = ctx;
  return captionedTable(
    ctx,
    {
      caption: "Settings that differ between runs, besides name, method and seed; the list above applies to all " +
        "runs.",
    },
    h(
      "thead",
      null,
      h("tr", null, h("th", { scope: "col" }, "Run"), differing.map((key) => h("th", { scope: "col" }, key))),
    ),
    h(
      "tbody",
      null,
      results.runs.map((run, i) =>
        h(
          "tr",
          null,
          h("th", { scope: "row" }, run.name),
          differing.map((key) => h("td", null, configs[i]!.get(key) ?? "–")),
        )
      ),
    ),
  );
}

function versions(ctx: ReportContext): HTMLElement {
  const { h, results } = ctx;
  const distinct = (values: readonly string[]) => [...new Set(values)].join("; ");
  const keys = [...new Set(results.runs.flatMap((run) => Object.keys(run.versions)))];
  const item = (term: string, value: (run: RunRecord) => string | undefined) => [
    h("dt", null, term),
    h("dd", null, distinct(results.runs.flatMap((run) => value(run) ?? []))),
  ];
  return h(
    "dl",
    { class: "facts" },
    item("Adapter", (run) => run.adapter.description),
    item("Kernel profile", (run) => run.adapter.profile),
    keys.map((key) => item(key, (run) => run.versions[key])),
  );
}

/** Formats an ISO date to the minute in UTC; other text is returned unchanged. */
export function dateText(text: string): string {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? text : `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
