/**
 * Summarises whether the MMVM VAE is ahead of the other methods.
 *
 * @module
 */
import { settingText } from "../../eval/results/evaluation_groups.ts";
import { againstVaes, leadsOf } from "../../eval/results/leads.ts";
import type { Comparison, Results } from "../../eval/results/results.ts";

/**
 * States whether MMVM's macro AUROC is ahead of every other VAE's in at least one view, and whether it is significantly
 * behind any in any view, that is, with an interval of the difference below zero.
 *
 * @param comparisons Comparisons of MMVM with the others, in either direction.
 */
export function verdict(comparisons: readonly Comparison[]): string {
  const macro = againstVaes(comparisons, "mmvm").map(({ view, other, difference: { value, high } }) => ({
    view,
    other,
    value: value ?? NaN,
    high: high ?? NaN,
  }));
  if (macro.length === 0) return "mmvm was not compared with any other method.";
  const views = [...Map.groupBy(macro, ({ view }) => view)].map(([view, rows]) => ({
    view,
    behind: rows.filter(({ value }) => !(value > 0)).map(({ other }) => other),
    beaten: rows.filter(({ high }) => high < 0).map(({ other }) => other),
  }));
  const ahead = views.filter(({ behind }) => behind.length === 0).map(({ view }) => view);
  const beaten = views.flatMap(({ view, beaten }) => beaten.map((other) => `${other} (${view})`));
  const details = views.filter(({ behind }) => behind.length > 0)
    .map(({ view, behind }) => `in the ${view} view not ahead of ${behind.join(", ")}`);
  return [
    ahead.length > 0
      ? `mmvm is ahead of every other VAE in macro AUROC in the ${ahead.join(" and ")} view`
      : "in no view is mmvm ahead of every other VAE in macro AUROC",
    ...details,
    beaten.length > 0 ? `significantly behind ${beaten.join(", ")}` : "significantly behind none",
  ].join("; ") + ".";
}

/**
 * The difference in macro AUROC between MMVM and the independent VAEs by seed, in percentage points. Both are those
 * without a setting.
 */
export function leadBySeed({ evaluations }: Results): string {
  const of = (method: string) =>
    evaluations.filter((each) => each.method === method && settingText(each.setting) === "");
  if ([of("mmvm"), of("independent")].some(({ length }) => length === 0)) {
    return "mmvm and independent are not both here.";
  }
  const views = [...new Set(of("mmvm").map(({ view }) => view))];
  const lines = views.map((view) => {
    const leads = of("mmvm").filter((each) => each.view === view).map(({ seed, macro }) => {
      const other = of("independent").find((each) => each.view === view && each.seed === seed);
      const lead = (macro.auroc.value ?? NaN) - (other?.macro.auroc.value ?? NaN);
      return Number.isNaN(lead) ? "n/a" : `${lead < 0 ? "-" : "+"}${(Math.abs(lead) * 100).toFixed(1)}`;
    });
    return `${view} ${leads.join(", ")}`;
  });
  return `mmvm - independent by seed: ${lines.join("; ")}`;
}

/** MMVM's lead in macro AUROC over the best other VAE by setting and view, in percentage points, with intervals. */
export function leadBySetting(comparisons: readonly Comparison[]): string {
  const leads = Map.groupBy(leadsOf(comparisons, "mmvm"), ({ setting }) => settingText(setting) || "base");
  if (leads.size === 0) return "mmvm was not compared with any other VAE.";
  const points = (value: number) => `${value < 0 ? "-" : "+"}${(Math.abs(value) * 100).toFixed(2)}`;
  const lines = [...leads].map(([setting, views]) =>
    `${setting}: ` + views.map(({ view, other, difference: { value, low, high } }) => {
      const interval = low === null || high === null ? "" : ` [${points(low)}, ${points(high)}]`;
      return `${view} ${points(value!)}${interval} over ${other}`;
    }).join("; ")
  );
  return ["mmvm's lead over the best other VAE in points of macro AUROC:", ...lines].join("\n");
}
