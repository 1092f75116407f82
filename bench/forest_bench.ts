/**
 * Times random forests at the published protocol's size: `deno bench --allow-read bench/forest_bench.ts`. Trees are
 * independent, so 5,000 trees take 5,000 / (20 x workers) times as long as the first benchmark.
 *
 * @module
 */
import { binFeatures, findBinEdges } from "../eval/probes/binning.ts";
import { prepareForest } from "../eval/probes/forest_jobs.ts";
import { forestProbabilities } from "../eval/probes/random_forest.ts";
import { drawLatents } from "./probe_latents.ts";

const options = { n: 3, warmup: 1 };
const { features, target } = drawLatents({ rows: 20_000, seed: 0 });
const { features: queries } = drawLatents({ rows: 3000, seed: 1 });
const edges = findBinEdges(features);
const run = prepareForest({
  features: binFeatures(features, edges),
  queries: binFeatures(queries, edges),
  targets: [target],
  seed: 0,
  tree: { maxDepth: 30, minSamplesSplit: 5, featuresPerSplit: 16 },
});

Deno.bench("20 trees, 20,000 x 256, one thread", options, () => {
  run({ target: 0, first: 0, count: 20 });
});

Deno.bench("binning of 20,000 x 256 (once per forest)", options, () => {
  binFeatures(features, findBinEdges(features));
});

Deno.bench("forest of 200 trees, 20,000 x 256, all cores", options, async () => {
  await forestProbabilities(features, queries, { targets: [target], trees: 200 });
});
