/**
 * Text tables of subgroups.
 *
 * @module
 */
import type { Evaluation, Results } from "./results.ts";
import type { SubgroupRecord, SubgroupScores } from "./subgroup_record.ts";
import { onePerProbe } from "./one_per_probe.ts";
import { alignColumns, formatCell } from "./tables.ts";

/**
 * Formats scores by age, sex and race in percent: macro AUROC, and mean true and false positive rates with the largest
 * gap between groups, each with its 95% interval. Of several labelled fractions and seeds the largest and the first are
 * shown.
 *
 * @returns An empty string if the results have no subgroups, or all of them are withheld.
 */
export function formatSubgroupTable({ evaluations }: Pick<Results, "evaluations">): string {
  const scored = evaluations.filter(({ subgroups }) =>
    subgroups?.some(({ groups }) => groups.some(({ studies }) => studies !== null))
  );
  if (scored.length === 0) return "";
  const { subjects, studies } = scored[0]!.subgroups![0]!.limits;
  return [
    ...onePerProbe(scored).map(formatEvaluation),
    "in percent [95% interval of a bootstrap over patients]\n" +
    "rates: mean over the labels that all groups have, at the threshold of the highest F1 on validation\n" +
    `withheld: groups of fewer than ${subjects} patients, and rates of fewer than ${studies} studies`,
  ].join("\n\n");
}

function formatEvaluation({ run, view, subgroups }: Evaluation): string {
  const rows = subgroups!.flatMap((record) => [
    ...record.groups.map((group) => groupRow(record, group)),
    ...(["true-positive", "false-positive"] as const).flatMap((rate) => gapRow(record, rate)),
  ]);
  const head = ["", "studies", "patients", "AUROC", "true positives", "false positives"];
  return `subgroups, ${run}, ${view}\n${alignColumns([head, ...rows])}`;
}

function groupRow(record: SubgroupRecord, group: SubgroupScores): string[] {
  const name = `${record.attribute}: ${group.group}`;
  if (group.studies === null) return [name, "withheld", "", "", "", ""];
  return [
    name,
    String(group.studies),
    String(group.subjects),
    group.macro === null ? "n/a" : formatCell([group.macro]),
    meanRate(record, group, "truePositiveRate"),
    meanRate(record, group, "falsePositiveRate"),
  ];
}

/** The mean of a group's rates over the labels that all groups have. */
function meanRate(
  { groups }: SubgroupRecord,
  group: SubgroupScores,
  rate: "truePositiveRate" | "falsePositiveRate",
): string {
  const shown = groups.filter(({ studies }) => studies !== null);
  const values = group.labels.flatMap((label, l) =>
    shown.every(({ labels }) => labels[l]![rate] !== null) ? label[rate]!.value ?? [] : []
  );
  if (values.length === 0) return "n/a";
  return formatCell([{ value: values.reduce((sum, value) => sum + value, 0) / values.length, low: null, high: null }]);
}

function gapRow({ attribute, gaps }: SubgroupRecord, rate: "true-positive" | "false-positive"): string[][] {
  const gap = gaps.find((one) => one.label === null && one.rate === rate);
  if (gap === undefined) return [];
  const cell = formatCell([gap.difference]);
  const cells = rate === "true-positive" ? [cell, ""] : ["", cell];
  return [[`${attribute}: ${gap.high} - ${gap.low}`, "", "", "", ...cells]];
}
