/**
 * What methods on digits trade for better reconstructions: the points of the published figure of PolyMNIST.
 *
 * @module
 */
import type { Generative } from "../results/generative_record.ts";
import type { Evaluation, Results } from "../results/results.ts";
import type { TradeOffPoint } from "./evidence_record.ts";

/** Logged steps whose mean divergence is that of the end of training: one step's scatters. */
const LAST_STEPS = 50;

/** The points of all runs whose reconstructions and translations were measured. */
export function tradeOffPoints({ runs, evaluations, generative = [] }: Results): TradeOffPoint[] {
  return generative.flatMap((record) => {
    const run = runs.find(({ name }) => name === record.run);
    if (run === undefined) return [];
    const { beta, latentDim } = settingsOf(run.config);
    return [{
      ...{ method: run.method, seed: run.seed, beta, latentDim },
      divergence: mean(run.training.kl.slice(-LAST_STEPS)),
      error: mean(record.quality.filter(({ from, to }) => from === to).map(({ mse }) => mse.mean)),
      classification: mean(evaluations.filter((each) => each.run === record.run).map(accuracyOf)),
      coherence: mean(translations(record)),
    }];
  });
}

/** The points as a table: means over seeds, by method and beta. */
export function tradeOff(results: Results): string {
  const points = tradeOffPoints(results);
  const groups = Map.groupBy(points, ({ method, beta, latentDim }) => JSON.stringify([method, latentDim, beta]));
  const rows = [...groups.values()].map((group) => {
    const { method, beta, latentDim } = group[0]!;
    const over = (value: (point: TradeOffPoint) => number) => mean(group.map(value));
    return [
      method,
      String(latentDim),
      `2^${Math.log2(beta)}`,
      over(({ divergence }) => divergence ?? NaN).toFixed(1),
      over(({ error }) => error).toFixed(4),
      (100 * over(({ classification }) => classification)).toFixed(1),
      (100 * over(({ coherence }) => coherence)).toFixed(1),
      String(group.length),
    ];
  });
  const head = [
    "method",
    "latent",
    "beta",
    "divergence",
    "reconstruction error",
    "classification %",
    "coherence %",
    "seeds",
  ];
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  return [head, ...rows].map((row) => row.map((cell, i) => cell.padEnd(widths[i]!)).join("  ").trimEnd()).join("\n");
}

function settingsOf(config: Readonly<Record<string, unknown>>): { beta: number; latentDim: number } {
  const { model, training } = config as { model?: { latentDim?: number }; training?: { beta?: number } };
  return { beta: training?.beta ?? NaN, latentDim: model?.latentDim ?? NaN };
}

function accuracyOf({ accuracy }: Evaluation): number {
  return accuracy?.value ?? NaN;
}

function translations({ coherence }: Generative): number[] {
  return coherence.filter(({ source }) => source === "translation").map(({ accuracy }) => accuracy?.value ?? NaN);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
