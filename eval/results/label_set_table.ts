/**
 * Text tables of two label sets.
 *
 * @module
 */
import type { LabelSetPair } from "./label_set_record.ts";
import type { Evaluation, Interval, Results } from "./results.ts";
import { onePerProbe } from "./one_per_probe.ts";
import { alignColumns, formatCell } from "./tables.ts";

/**
 * Formats, for each view of a run, the agreement of two label sets beside the AUROC under both, on the same test
 * studies, in percent (kappa as a fraction). Of several labelled fractions and seeds the largest and the first are
 * shown.
 *
 * @returns An empty string if the results have one label set.
 */
export function formatLabelSetTable({ data, evaluations }: Pick<Results, "data" | "evaluations">): string {
  const { labelAgreement: agreement } = data;
  const scored = evaluations.filter(({ labelSets }) => labelSets !== undefined);
  if (agreement === undefined || scored.length === 0) return "";
  const { training, test } = agreement;
  return [
    ...onePerProbe(scored).map((evaluation) => formatEvaluation(evaluation, agreement)),
    `on the ${agreement.studies} test studies that have both\n` +
    "in percent [95% interval of a bootstrap over patients]\n" +
    `kappa, sensitivity and specificity: of the ${training} labels, with the ${test} labels as the reference`,
  ].join("\n\n");
}

function formatEvaluation(
  { run, view, labelSets }: Evaluation,
  { training, test, labels }: NonNullable<Results["data"]["labelAgreement"]>,
): string {
  const scores = ({ training, test, difference }: LabelSetPair) => [training, test, difference].map(cell);
  const rows = labelSets!.labels.map((pair, l) => {
    const { kappa, sensitivity, specificity } = labels[l]!;
    return [pair.label, kappa.value?.toFixed(2) ?? "n/a", ...[sensitivity, specificity].map(short), ...scores(pair)];
  });
  const { macro } = labelSets!;
  const head = ["", "kappa", "sens.", "spec.", `AUROC, ${training}`, `AUROC, ${test}`, "difference"];
  const mean = [`macro over ${macro.labels.length} of ${labels.length}`, "", "", "", ...scores(macro)];
  return `two label sets, ${run}, ${view}\n${alignColumns([head, ...rows, mean])}`;
}

function cell(interval: Interval): string {
  return formatCell([interval]);
}

/** A value without its interval, which is in `results.json`. */
function short({ value }: Interval): string {
  return formatCell([{ value, low: null, high: null }]);
}
