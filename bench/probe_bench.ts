/**
 * Times probes and bootstrap intervals at the published protocol's size: `deno bench --allow-read
 * bench/probe_bench.ts`.
 *
 * @module
 */
import { bootstrapScores } from "../eval/metrics/bootstrap.ts";
import { gramMatrix } from "../eval/probes/gram_preconditioner.ts";
import { fitLogisticRegression } from "../eval/probes/logistic_regression.ts";
import { FastRandom } from "../base/random.ts";
import { drawLatents } from "./probe_latents.ts";

const options = { n: 3, warmup: 1 };
const { features, target } = drawLatents({ rows: 20_000, seed: 0 });
const { target: rare } = drawLatents({ rows: 20_000, seed: 0, cut: 3 });
const gram = gramMatrix(features);

Deno.bench("Gram matrix, 20,000 x 256 (once for all labels)", options, () => {
  gramMatrix(features);
});

Deno.bench("logistic regression, 20,000 x 256, common label", options, () => {
  fitLogisticRegression(features, target, { gram });
});

Deno.bench("logistic regression, 20,000 x 256, rare label", options, () => {
  fitLogisticRegression(features, rare, { gram });
});

const random = new FastRandom(1);
const subjectIds = Array.from({ length: 3269 }, () => `p${random.below(293)}`);
const labels = Array.from({ length: 14 }, () => subjectIds.map(() => random.uniform() < 0.1 ? 1 : 0));
const scores = labels.map((list) => list.map((label) => 0.3 * label + random.uniform()));

Deno.bench(
  "bootstrap of AUROC and average precision, 1,000 resamples x 14 labels x 3,269 studies",
  options,
  async () => {
    await bootstrapScores({ subjectIds, labels }, scores, { workers: 1 });
  },
);
