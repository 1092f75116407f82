/**
 * Formats calibration errors as a text table for the terminal.
 *
 * @module
 */
import { chooseGrouping, type GroupBy, groupEvaluations, stratumText } from "./evaluation_groups.ts";
import type { Evaluation, Results } from "./results.ts";
import { alignColumns } from "./tables.ts";

/**
 * Formats the expected calibration error in percent before and after temperature scaling, as means over the labels (and
 * seeds) that have both; an empty text for results from before it was measured.
 *
 * @param options.by What the rows compare; chosen by `chooseGrouping` by default.
 */
export function formatCalibrationTable(results: Results, { by }: { by?: GroupBy } = {}): string {
  const strata = groupEvaluations([results], { by: by ?? chooseGrouping([results]) });
  const rows = strata.flatMap((stratum) =>
    [...stratum.groups].flatMap(([name, entries]) => {
      const cells = meanErrors(entries.map(({ evaluation }) => evaluation));
      return cells === null ? [] : [[`${name}: ${stratumText(stratum)}`, ...cells]];
    })
  );
  if (rows.length === 0) return "";
  const head = ["expected calibration error", "labels", "before", "after", "median temperature"];
  return `${alignColumns([head, ...rows])}\nmeans in percent over the labels that have a temperature, fitted to the ` +
    "validation split";
}

/** Number of labels, errors before and after, and the median temperature. */
function meanErrors(evaluations: readonly Evaluation[]): string[] | null {
  const measured = evaluations.flatMap(({ metrics }) =>
    metrics.flatMap(({ label, calibration }) =>
      calibration && calibration.error !== null && calibration.scaled && calibration.scaled.error !== null
        ? [{ label, ...calibration, before: calibration.error, after: calibration.scaled.error }]
        : []
    )
  );
  if (measured.length === 0) return null;
  const percent = (values: readonly number[]) =>
    (100 * values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(1);
  const temperatures = measured.flatMap(({ temperature }) => temperature ?? []).sort((a, b) => a - b);
  return [
    `${new Set(measured.map(({ label }) => label)).size}`,
    percent(measured.map(({ before }) => before)),
    percent(measured.map(({ after }) => after)),
    temperatures[Math.floor(temperatures.length / 2)]!.toFixed(2),
  ];
}
