/**
 * A method of one's own: the symmetric divergence of two views' posteriors draws the views together. It is trained on
 * pairs of MNIST digits, one rotated and one noisy.
 *
 *     deno run -A examples/custom_method.ts
 *
 * @module
 */
import { createLoader, openDataset, pairsOfSplit, pairStudies, preparePixels } from "../data/mod.ts";
import { createVaeTrainer, type Method, registerMethod } from "../models/mod.ts";
import { add, Device, klDiagonalNormals, klStandardNormal, mul, reparameterize, slice, sum } from "../runtime/mod.ts";

// D = sum_m 0.1 KL(q_m || N(0, I)) + KL(q_1 || q_2) + KL(q_2 || q_1). Posteriors of all views are stacked: [M, N, D].
const symmetric: Method = {
  name: "symmetric",
  title: "Two views, drawn together by the symmetric divergence of their posteriors",
  prior: "each",
  latents({ posterior: { mu, logvar }, noise }) {
    const [, samples, width] = mu.shape as [number, number, number];
    const view = (m: number) => {
      const part = { starts: [m, 0, 0], sizes: [1, samples, width] };
      return { mu: slice(mu, part), logvar: slice(logvar, part) };
    };
    const between = add(klDiagonalNormals(view(0), view(1)), klDiagonalNormals(view(1), view(0)));
    const anchor = mul(0.1, sum(klStandardNormal(mu, logvar), { axes: 0 }));
    return { z: reparameterize(mu, logvar, { eps: noise }), kl: add(anchor, sum(between, { axes: 0 })) };
  },
};
registerMethod(symmetric);

const pairs = { train: 384, validate: 10, test: 10 };
const index = await openDataset({ dataset: "mnist-pairs", mnist: { pairs } });
const pixels = await preparePixels(index, { cacheDir: "cache", imageSize: 28 });
const train = pairsOfSplit(index, pairStudies(index), "train");

using device = await Device.open();
const sizes = { network: "small", imageSize: 28, filterDim: 4, latentDim: 8, dropout: 0 };
const likelihood = { name: "laplace", scale: 0.75 } as const;
using trainer = await createVaeTrainer(device, {
  config: { method: "symmetric", views: index.views, likelihood, ...sizes },
  batchSize: 32,
  seed: 1,
});
let step = 0;
for await (
  const batch of createLoader(pixels, { index, pairs: train, batchSize: 32, seed: 1 }).batches({ untilEpoch: 5 })
) {
  trainer.step(batch, { step: step++, learningRate: 2e-3, beta: 0.1, alpha: 0 });
}
const metrics = await trainer.readMetrics();
for (const { step, values } of [metrics[0]!, metrics.at(-1)!]) {
  console.log(`step ${step}: reconstruction ${values.reconstruction!.toFixed(0)}, divergence ${values.kl!.toFixed(1)}`);
}
