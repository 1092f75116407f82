/**
 * How far MMVM is ahead of the best other VAE in each of several settings.
 *
 * @module
 */
import type { Comparison } from "../../eval/results/results.ts";
import { basisOf } from "../report/figures/comparisons.ts";
import { compareNaturally } from "../report/figures/natural_order.ts";
import { methodName } from "../report/figures/palette.ts";
import { formatList } from "../report/markup/format.ts";
import { byStanding, macroRows, mmvmAgainst, type PairedDifference, standingOf } from "./paired_difference.ts";

/** MMVM's difference from the VAE that is best beside it, by setting and view, in the order of the settings. */
export function leadDifferences(comparisons: readonly Comparison[]): PairedDifference[] {
  const rows = macroRows(comparisons);
  const places = new Map(rows.map((row) => [JSON.stringify([row.view, basisOf(row)]), row]));
  return [...places.values()].flatMap((place) =>
    mmvmAgainst(rows, { place, at: place.setting || "base" })
      .filter(({ other }) => !other.startsWith("supervised"))
      .sort((a, b) => a.difference.value! - b.difference.value!)
      .slice(0, 1)
  ).sort((a, b) => compareNaturally(a.setting, b.setting));
}

/** Most settings that a sentence names one by one; of more it says how many. */
const MOST_NAMED = 4;

/** In which settings MMVM is ahead of the best other VAE, by view and in every view. */
export function leadSentence(leads: readonly PairedDifference[], views: readonly string[]): string {
  if (leads.length === 0) return "MMVM was not compared with any other VAE.";
  const settings = new Set(leads.map(({ at }) => at)).size;
  const within = (own: readonly string[]) => {
    if (own.length <= MOST_NAMED) return `at ${formatList(own)}`;
    return own.length === settings ? `in all ${settings} settings` : `in ${own.length} of ${settings} settings`;
  };
  const clauses = views.map((view) => {
    const said = byStanding(leads.filter((lead) => lead.view === view))
      .map(([words, own]) => `${words} it ${within(own.map(({ at }) => at))}`);
    return `in the ${view} view ${formatList(said)}`;
  });
  const clear = [...Map.groupBy(leads, ({ at }) => at)].filter(([, own]) =>
    views.every((view) => own.some((lead) => lead.view === view && standingOf(lead) === "ahead"))
  ).map(([at]) => at);
  const others = [...new Set(leads.map(({ other }) => other))];
  const against = others.length === 1 ? methodName(others[0]!) : "the best other VAE";
  const everywhere = clear.length === 0 ? "in no setting" : within(clear);
  return `Against ${against}, MMVM is ${clauses.join("; ")}; ahead in every view ${everywhere}.`;
}
