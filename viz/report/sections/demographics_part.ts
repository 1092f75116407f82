/**
 * The part of the cohort section on age, sex and race.
 *
 * @module
 */
import type { SubgroupGap, SubgroupRecord } from "../../../eval/results/subgroup_record.ts";
import { captionedTable, figureCaution, note, type ReportContext } from "../context.ts";
import type { Child } from "../markup/dom.ts";
import { capitalise, formatCount } from "../markup/format.ts";
import { intervalCells } from "./interval_cells.ts";

const RATES = [["true-positive", "True positive rate"], ["false-positive", "False positive rate"]] as const;

/** Renders macro AUROC by age, sex and race, and the gaps of rates between groups, for every method and view. */
export function demographicsPart(ctx: ReportContext): Child {
  const { h, summary } = ctx;
  const views = summary.views.map((view, v) => ({ view, arms: armsOf(ctx, v) })).filter(({ arms }) => arms.length > 0);
  if (views.length === 0) {
    return note(h, "No table states age, sex or race of the patients; --demographics takes one.");
  }
  const { subjects, studies } = views[0]!.arms[0]!.records[0]!.limits;
  return [
    views.map(({ view, arms }) => [scoreTable(ctx, view, arms), gapTable(ctx, view, arms)]),
    figureCaution(ctx),
    h(
      "p",
      { class: "explanation" },
      "A group's AUROC is the mean over labels among its own studies. Rates are at one threshold for all groups, " +
        "which maximises F1 on the validation split. Intervals are 95% intervals of a bootstrap over patients, " +
        "averaged over runs. A gap is between the groups with the highest and the lowest rate, chosen on the same " +
        `data if there are more than two. Groups of fewer than ${subjects} patients are withheld, as are rates of ` +
        `fewer than ${studies} studies.`,
    ),
  ];
}

/** A method's subgroups in a view: one list of records per run. */
interface ArmGroups {
  readonly name: string;
  readonly runs: readonly (readonly SubgroupRecord[])[];
  /** The records of the first run, which has the same groups as the others. */
  readonly records: readonly SubgroupRecord[];
}

function armsOf(ctx: ReportContext, view: number): ArmGroups[] {
  const { summary } = ctx;
  return summary.arms.flatMap(({ name }, arm) => {
    const runs = ctx.find({ slice: summary.primary, view, arm }).flatMap(({ subgroups }) =>
      subgroups && subgroups.length > 0 ? [subgroups] : []
    );
    return runs.length > 0 ? [{ name, runs, records: runs[0]! }] : [];
  });
}

function scoreTable(ctx: ReportContext, view: string, arms: readonly ArmGroups[]): HTMLElement {
  const { h } = ctx;
  const rows = arms[0]!.records.flatMap(({ attribute, groups }) => groups.map((group) => ({ attribute, group })));
  return captionedTable(
    ctx,
    { caption: `Macro AUROC by age, sex and race, ${view} view.`, class: "subgroups" },
    h(
      "thead",
      null,
      h(
        "tr",
        null,
        ["Attribute", "Group"].map((text) => h("th", { scope: "col" }, text)),
        ["Studies", "Patients"].map((text) => h("th", { scope: "col", class: "number" }, text)),
        arms.map(({ name }) => h("th", { scope: "colgroup", class: "number", colspan: 2 }, name)),
      ),
    ),
    h(
      "tbody",
      null,
      rows.map(({ attribute, group }) =>
        h(
          "tr",
          null,
          h("th", { scope: "row" }, capitalise(attribute)),
          h("td", null, group.group),
          h("td", { class: "number" }, group.studies === null ? "withheld" : formatCount(group.studies)),
          h("td", { class: "number" }, group.subjects === null ? "" : formatCount(group.subjects)),
          arms.map(({ runs }) => {
            const found = runs.flatMap((records) =>
              records.find((record) => record.attribute === attribute)?.groups
                .find((one) => one.group === group.group)?.macro ?? []
            );
            return intervalCells(ctx, found);
          }),
        )
      ),
    ),
  );
}

function gapTable(ctx: ReportContext, view: string, arms: readonly ArmGroups[]): HTMLElement | null {
  const { h } = ctx;
  const rows = arms.flatMap((arm) =>
    arm.records.flatMap(({ attribute }) =>
      RATES.flatMap(([rate, text]) => {
        const gaps = arm.runs.flatMap((records) => meanGap(records, attribute, rate) ?? []);
        return gaps.length > 0 ? [{ arm, attribute, text, gaps }] : [];
      })
    )
  );
  if (rows.length === 0) return null;
  return captionedTable(
    ctx,
    { caption: `Largest differences of mean rates between groups, ${view} view.`, class: "subgroups" },
    h(
      "thead",
      null,
      h(
        "tr",
        null,
        ["Method", "Attribute", "Rate", "Groups"].map((name) => h("th", { scope: "col" }, name)),
        h("th", { scope: "colgroup", class: "number", colspan: 2 }, "Difference"),
      ),
    ),
    h(
      "tbody",
      null,
      rows.map(({ arm, attribute, text, gaps }) =>
        h(
          "tr",
          null,
          h("th", { scope: "row" }, arm.name),
          h("td", null, capitalise(attribute)),
          h("td", null, text),
          h("td", null, [...new Set(gaps.map(({ high, low }) => `${high} − ${low}`))].join("; ")),
          intervalCells(ctx, gaps.map(({ difference }) => difference)),
        )
      ),
    ),
  );
}

function meanGap(
  records: readonly SubgroupRecord[],
  attribute: string,
  rate: SubgroupGap["rate"],
): SubgroupGap | undefined {
  return records.find((record) => record.attribute === attribute)?.gaps
    .find((gap) => gap.label === null && gap.rate === rate);
}
