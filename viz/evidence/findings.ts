/**
 * Sentences that say what results show, made of their numbers alone.
 *
 * @module
 */
import { dataName, type EvidenceRecord, leastP, type TradeOffPoint } from "../../eval/evidence/evidence_record.ts";
import type { Comparison, Evaluation } from "../../eval/results/results.ts";
import { settingText } from "../report/figures/arms.ts";
import type { Cell } from "../report/figures/cells.ts";
import { armNamed, readComparisons, reversed } from "../report/figures/comparisons.ts";
import { probeName, type Summary } from "../report/figures/summary.ts";
import {
  capitalise,
  formatCount,
  formatDifference,
  formatDifferenceInterval,
  formatList,
  formatP,
  formatPercent,
  formatScore,
} from "../report/markup/format.ts";
import { methodName } from "../report/figures/palette.ts";
import { changeDifferences, changeSentence, type Varied } from "./changes.ts";
import type { EvidenceFigure } from "./evidence.ts";
import { leadDifferences, leadSentence } from "./leads.ts";
import { formatSeeds, macroRows, mmvmAgainst, type PairedDifference } from "./paired_difference.ts";

/** What was measured on what: studies, patients, seeds, probe and intervals. */
export function basisSentence(
  record: EvidenceRecord,
  { summary, figure }: { summary: Summary; figure: EvidenceFigure },
): string {
  const { tests, data, runs, evaluations } = record;
  const most = tests.reduce((a, b) => b.studies > a.studies ? b : a);
  const seeds = [...new Set(runs.map(({ seed }) => seed))].sort((a, b) => a - b);
  const fractions = [...new Set(evaluations.map((each) => each.labelledFraction))].sort((a, b) => a - b);
  const { probe, latents } = summary.slices[summary.primary]!;
  const trained = figure.kind === "settings" ? trainedBySetting(evaluations) : formatCount(trainedOn(data));
  return `Trained on ${trained} studies of ${dataName(data)} and scored on ${
    formatCount(most.studies)
  } test studies of ${formatCount(most.patients)} patients: ${formatCount(runs.length)} runs with seed${
    seeds.length === 1 ? "" : "s"
  } ${formatList(seeds.map(String))}${seedsNote(evaluations)}, ${probeName({ probe, latents })} with ${
    formatList(fractions.map(formatPercent))
  } of the labels, macro AUROC over ${summary.labels.length} labels. 95% intervals and p-values are those of ${
    formatCount(record.resamples)
  } resamples of patients: they say nothing of other seeds, and no p is below ${
    formatP(leastP(record))
  } before Holm's correction.`;
}

/** Says how methods are compared if not all have the same seeds. */
function seedsNote(evaluations: EvidenceRecord["evaluations"]): string {
  const arms = Map.groupBy(evaluations, ({ method, setting }) => `${method} ${settingText(setting)}`);
  const seeds = [...arms.values()].map((own) => [...new Set(own.map(({ seed }) => seed))].sort().join());
  return new Set(seeds).size === 1 ? "" : " (not every method with each; two are compared over the seeds of both)";
}

function trainedOn({ splits }: EvidenceRecord["data"]): number {
  return splits.find(({ split }) => split === "train")?.studies ?? 0;
}

/** The studies that most settings were trained on, and those of the others: probes have the labels of all of them. */
function trainedBySetting(evaluations: EvidenceRecord["evaluations"]): string {
  const counts = [...Map.groupBy(evaluations, ({ setting }) => nameOf(setting))].map(([name, group]) => ({
    name,
    studies: Math.max(...group.map(({ labelledStudies }) => labelledStudies)),
  }));
  const frequency = (studies: number) => counts.filter((each) => each.studies === studies).length;
  const usual = counts.reduce((a, b) => frequency(b.studies) > frequency(a.studies) ? b : a).studies;
  const others = counts.filter(({ studies }) => studies !== usual)
    .map(({ name, studies }) => `${formatCount(studies)} with ${name}`);
  return others.length === 0 ? formatCount(usual) : `${formatCount(usual)} (${formatList(others)})`;
}

/** A setting as the page names it. */
function nameOf(setting: Evaluation["setting"]): string {
  return settingText(setting) || "base";
}

/** What the figure shows, in one sentence. */
export function findingSentence(
  { record, comparisons }: { record: EvidenceRecord; comparisons: readonly Comparison[] },
  { summary, figure }: { summary: Summary; figure: EvidenceFigure },
): string {
  const { evaluations, tradeOff } = record;
  switch (figure.kind) {
    case "intervals":
      return capitalise(summary.views.map((_, view) => orderClause(comparisons, { summary, view })).join("; ")) + ".";
    case "setting":
    case "fraction":
      return changeSentence({ evaluations, comparisons }, variedBy(figure));
    case "settings":
      return leadSentence(leadDifferences(comparisons), summary.views);
    case "trade-off":
      return tradeOffSentence(tradeOff, { classes: record.data.labels.length });
  }
}

/** MMVM's paired differences from other methods that belong to a figure. */
export function findingDifferences(
  { record, comparisons }: { record: EvidenceRecord; comparisons: readonly Comparison[] },
  { summary, figure }: { summary: Summary; figure: EvidenceFigure },
): PairedDifference[] {
  switch (figure.kind) {
    case "intervals":
      return orderDifferences(comparisons, summary);
    case "settings":
      return leadDifferences(comparisons);
    case "setting":
    case "fraction":
      return changeDifferences({ evaluations: record.evaluations, comparisons }, variedBy(figure));
    case "trade-off":
      return [];
  }
}

/** The differences with all labels that are shown; none where there is only one, which the sentence states. */
function orderDifferences(comparisons: readonly Comparison[], summary: Summary): PairedDifference[] {
  const { fraction } = summary.slices[summary.primary]!;
  const rows = macroRows(comparisons).filter((row) => row.fraction === fraction);
  return summary.views.flatMap((view) => {
    const place = rows.find((row) => row.view === view);
    const differences = place === undefined ? [] : mmvmAgainst(rows, { place, at: "" });
    const armOf = ({ other, setting }: PairedDifference) => armNamed(summary.arms, other, setting);
    return differences.length < 2 ? [] : differences.sort((a, b) => armOf(a) - armOf(b));
  });
}

function variedBy(figure: EvidenceFigure & { kind: "setting" | "fraction" }): Varied {
  return figure.kind === "setting"
    ? ({ setting }) => Number(setting[figure.key])
    : ({ labelledFraction }) => labelledFraction;
}

/** A method without labels in a view. */
interface Ranked {
  readonly arm: number;
  readonly cell: Cell;
}

/**
 * The best method without labels in a view, and its paired difference from MMVM; if that is MMVM itself, from the next
 * one.
 */
function orderClause(
  comparisons: readonly Comparison[],
  { summary, view }: { summary: Summary; view: number },
): string {
  const cells = summary.cells[summary.primary]![view]!.at(-1)!;
  const ranked = cells.flatMap((cell, arm): Ranked[] => cell && !summary.arms[arm]!.supervised ? [{ cell, arm }] : [])
    .sort((a, b) => b.cell.value - a.cell.value);
  const [best, next] = ranked;
  const name = summary.views[view]!;
  if (best === undefined) return `no method without labels was scored in the ${name} view`;
  const said = ({ arm, cell }: Ranked, place = "") => `${summary.arms[arm]!.name} (${formatScore(cell.value)}${place})`;
  if (next === undefined) return `in the ${name} view only ${said(best)} was scored`;
  const isMmvm = ({ arm }: Ranked) => summary.arms[arm]!.method === "mmvm" && summary.arms[arm]!.variant === "";
  const place = ranked.findIndex(isMmvm);
  const other = place > 0 ? ranked[place]! : next;
  const difference = differenceOf(comparisons, { summary, view: name, best: best.arm, next: other.arm });
  const rank = place > 1 ? `, place ${place + 1} of ${ranked.length}` : "";
  return `in the ${name} view ${said(best)} is first, before ${said(other, rank)}${difference}`;
}

function differenceOf(
  comparisons: readonly Comparison[],
  { summary, view, best, next }: { summary: Summary; view: string; best: number; next: number },
): string {
  const { fraction } = summary.slices[summary.primary]!;
  const rows = readComparisons(comparisons);
  const at = rows.findIndex((row) => {
    const arms = [row.baseline, row.method].map((name) => armNamed(summary.arms, name, row.setting));
    return row.view === view && row.label === null && row.fraction === fraction && arms.includes(best) &&
      arms.includes(next);
  });
  if (at < 0) return ", which were not compared in pairs";
  const row = rows[at]!;
  const isTurned = armNamed(summary.arms, row.method, row.setting) !== best;
  const { difference: { value, low, high }, bySeed, p, pHolm } = isTurned ? reversed(row) : row;
  const test = comparisons[at]!.test === "delong" ? "DeLong's test" : "paired bootstrap";
  const seeds = bySeed.length > 1 ? `; by seed ${formatSeeds(bySeed)}` : "";
  return `, by ${formatDifference(value)} [${formatDifferenceInterval(low, high)}] (p ${formatP(p)}, ${
    formatP(pHolm)
  } after Holm; ${test}${seeds})`;
}

/** The setting of each method at which its translations are most coherent. */
function tradeOffSentence(points: readonly TradeOffPoint[], { classes }: { classes: number }): string {
  const bests = meanPoints(points).reduce((best, point) => {
    const known = best.get(point.method);
    return known !== undefined && known.coherence >= point.coherence ? best : best.set(point.method, point);
  }, new Map<string, TradeOffPoint>());
  const said = [...bests.values()].sort((a, b) => b.coherence - a.coherence).map((point) =>
    `${methodName(point.method)} ${formatPercent(point.coherence)} (classification ${
      formatPercent(point.classification)
    }, error ${point.error.toFixed(4)}, ${
      point.divergence === undefined ? "" : `divergence ${point.divergence.toFixed(1)} nats, `
    }beta 2^${Math.log2(point.beta)}, ${point.latentDim} dimensions)`
  );
  // Classes of digits are about equally frequent.
  return `The most coherent translations of each method, means over seeds, where chance is ${
    formatPercent(1 / classes)
  }: ${said.join("; ")}.`;
}

/** Means over seeds, by method, beta and number of dimensions. */
export function meanPoints(points: readonly TradeOffPoint[]): TradeOffPoint[] {
  const groups = Map.groupBy(points, ({ method, beta, latentDim }) => JSON.stringify([method, beta, latentDim]));
  return [...groups.values()].map((group) => {
    const mean = (value: (point: TradeOffPoint) => number) =>
      group.reduce((sum, point) => sum + value(point), 0) / group.length;
    const divergences = group.flatMap(({ divergence }) => divergence ?? []);
    return {
      ...group[0]!,
      divergence: divergences.length < group.length ? undefined : mean(({ divergence }) => divergence!),
      error: mean(({ error }) => error),
      classification: mean(({ classification }) => classification),
      coherence: mean(({ coherence }) => coherence),
    };
  });
}
