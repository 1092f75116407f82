/**
 * A text table of macro averages over many settings.
 *
 * @module
 */
import { commonLabels, type GroupBy, groupEvaluations, settingText, type Stratum } from "./evaluation_groups.ts";
import type { Results } from "./results.ts";
import { alignColumns, formatCell, macroOver, sharedLabels } from "./tables.ts";

/**
 * Formats a table of macro AUROCs in percent for each view and probe, with one row per labelled fraction and setting
 * and one column per group. All numbers of a table are means over the labels that every cell has; the others are
 * listed.
 *
 * @param options.by What the columns compare.
 */
export function formatMacroTable(results: Results, { by }: { by: GroupBy }): string {
  const labels = commonLabels([results]);
  const strata = groupEvaluations([results], { by });
  const blocks = Map.groupBy(strata, ({ view, probe, latents }) => [view, probe, latents].join("\n"));
  return [
    ...[...blocks.values()].map((rows) => formatBlock(rows, labels)),
    "in percent ± standard deviation over seeds [95% interval of a bootstrap over patients]",
  ].join("\n\n");
}

function formatBlock(strata: readonly Stratum[], labels: readonly string[]): string {
  const { view, probe } = strata[0]!;
  const columns = [...new Set(strata.flatMap(({ groups }) => [...groups.keys()]))];
  const evaluations = strata.flatMap(({ groups }) => [...groups.values()].flat().map(({ evaluation }) => evaluation));
  const shared = sharedLabels(evaluations, labels);
  const left = labels.filter((label) => !shared.includes(label));
  const rows = strata.map((stratum) => [
    rowName(stratum),
    ...columns.map((name) => {
      const members = stratum.groups.get(name);
      return members ? formatCell(members.map(({ evaluation }) => macroOver(evaluation, shared))) : "";
    }),
  ]);
  // A single row of many settings is easier to read transposed.
  const table = [["", ...columns], ...rows];
  const shown = rows.length === 1 ? columns.map((_, k) => table.map((row) => row[k + 1]!)) : table;
  const note = left.length === 0 ? "" : `\nexcluded (not in every row): ${left.join(", ")}`;
  const title = `macro AUROC over ${shared.length} of ${labels.length} labels, ${view}, ${probe.replace("-", " ")}`;
  return `${title}\n${alignColumns(shown)}${note}`;
}

function rowName({ labelledFraction, setting }: Stratum): string {
  const share = `${Number((labelledFraction * 100).toPrecision(6))}% of the labels`;
  const text = settingText(setting);
  return text === "" ? share : `${text}, ${share}`;
}
