import assert from "node:assert/strict";
import type { Generative, Results } from "../../../eval/mod.ts";
import { tradeOff, tradeOffPoints } from "../../../eval/evidence/trade_off.ts";
import { syntheticResults } from "../results/synthetic_results.ts";

const interval = (value: number) => ({ value, low: null, high: null });

/** What a run of two views generates; `share` of its translations are recognised. */
function generated(run: string, share: number): Generative {
  const quality = (from: string, to: string, mean: number) => ({
    ...{ from, to, images: 10, ssim: null },
    mse: { mean, standardError: null },
  });
  const judged = (from: string, view: string, accuracy: number) => ({
    ...{ from, view, labels: [], auroc: interval(0.9), accuracy: interval(accuracy) },
    source: from === view ? "reconstruction" as const : "translation" as const,
  });
  return {
    ...{ run, judge: { run: "judge", features: 4 }, pairs: 10, agreement: [], distances: [], clusters: [] },
    ...{ mixtures: [], samples: [], leftOut: [] },
    quality: [quality("a", "a", 0.02), quality("a", "b", 0.5), quality("b", "b", 0.04), quality("b", "a", 0.5)],
    coherence: [judged("a", "a", 1), judged("a", "b", share), judged("b", "a", share + 0.2), judged("b", "b", 1)],
  };
}

async function resultsOf(name: string, seed: number, share: number): Promise<Results> {
  const results = await syntheticResults({ name, method: "mmvm", seed, noise: 0 });
  return {
    ...results,
    runs: results.runs.map((run) => ({
      ...run,
      config: { model: { latentDim: 8 }, training: { beta: 0.25 } },
      // The first step is not of the last 50, whose mean is 2 times the seed.
      training: { ...run.training, kl: [1000, ...Array.from({ length: 50 }, (_, i) => seed * (1 + 2 * (i % 2)))] },
    })),
    evaluations: results.evaluations.map((each) => ({ ...each, accuracy: interval(0.5 + 0.1 * seed) })),
    generative: [generated(name, share)],
  };
}

Deno.test("a point has the means of its reconstructions, views and translations", async () => {
  const [point] = tradeOffPoints(await resultsOf("mmvm-1", 1, 0.4));
  const { error, classification, coherence, ...rest } = point!;
  assert.deepEqual(rest, { method: "mmvm", seed: 1, beta: 0.25, latentDim: 8, divergence: 2 });
  for (const [found, expected] of [[error, 0.03], [classification, 0.6], [coherence, 0.5]] as const) {
    assert.ok(Math.abs(found - expected) < 1e-12, `${found} is not ${expected}`);
  }
});

Deno.test("the table has means over seeds, by method, dimensions and beta", async () => {
  const [a, b] = [await resultsOf("mmvm-1", 1, 0.4), await resultsOf("mmvm-2", 2, 0.6)];
  const table = tradeOff({
    ...a,
    runs: [...a.runs, ...b.runs],
    evaluations: [...a.evaluations, ...b.evaluations],
    generative: [...a.generative!, ...b.generative!],
  });
  assert.match(table.split("\n")[1]!, /^mmvm +8 +2\^-2 +3\.0 +0\.0300 +65\.0 +60\.0 +2$/);
});
