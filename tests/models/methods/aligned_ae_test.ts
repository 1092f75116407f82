import assert from "node:assert/strict";
import { VaeInference } from "../../../models/mod.ts";
import { logLikelihood } from "../../../models/vae/log_likelihood.ts";
import { samplePosterior, samplePrior } from "../../../models/vae/samples.ts";
import { methodOf, PUBLISHED_OBJECTIVE, Scope } from "../../../models/mod.ts";
import { Device, input } from "../../../runtime/mod.ts";
import { cosine } from "../../reference/alignment.ts";
import { normalData } from "../../reference/compare.ts";
import { checkOp } from "../../runtime/gradient_check.ts";
import { LATENT, oneStep, smallBatch, smallConfig } from "../small_vae.ts";

const SAMPLES = 4;

Deno.test("aligned-ae's divergence is D (1 - cos) averaged over the pairs of views that are there", async () => {
  using device = await Device.open();
  const views = 3;
  const shape = [views, SAMPLES, LATENT];
  const mu = normalData(views * SAMPLES * LATENT, { seed: 1 });
  const everyView = new Array(views * SAMPLES).fill(1);
  // The second sample lacks a view, the third two, the fourth all.
  const some = [1, 1, 0, 0, /**/ 1, 0, 1, 0, /**/ 1, 1, 0, 0];
  for (const present of [everyView, some]) {
    await checkOp(device, {
      name: `aligned-ae, present ${present}`,
      op: ([latents, mask]) => {
        const { z, kl } = methodOf("aligned-ae").latents({
          posterior: { mu: latents!, logvar: latents! },
          noise: input("unused noise", { shape }),
          alpha: input("unused alpha", { shape: [1] }),
          objective: PUBLISHED_OBJECTIVE,
          scope: Scope.declaring(),
          draw: () => assert.fail("nothing is drawn"),
          ...(present === some ? { present: mask! } : {}),
        });
        assert.equal(z, latents);
        return kl;
      },
      oracle: ([latents]) =>
        Array.from({ length: SAMPLES }, (_, n) => {
          const there = [0, 1, 2].filter((m) => present[m * SAMPLES + n] === 1);
          const row = (m: number) => {
            const first = (m * SAMPLES + n) * LATENT;
            return [...latents!.subarray(first, first + LATENT)];
          };
          const cosines = there.flatMap((a, i) => there.slice(i + 1).map((b) => cosine(row(a), row(b))));
          return cosines.reduce((sum, value) => sum + LATENT * (1 - value), 0) / Math.max(cosines.length, 1);
        }),
      inputs: [{ shape, data: mu }, { shape: [views, SAMPLES], data: present, differentiable: false }],
    });
  }
});

Deno.test("aligned-ae draws nothing: noise has no influence, and the layer of the variance no gradient", async () => {
  using device = await Device.open();
  const { pixels, noise } = smallBatch({ views: 2, samples: SAMPLES });
  const want = await oneStep(device, { config: smallConfig("aligned-ae"), pixels, noise });
  const got = await oneStep(device, { config: smallConfig("aligned-ae"), pixels, noise: noise.map((x) => -3 * x) });
  assert.equal(got.loss, want.loss);
  for (const [name, { data }] of want.gradients) {
    assert.equal(data.some((value) => value !== 0), !name.includes("content_logvar"), name);
    assert.deepEqual(got.gradients.get(name)!.data, data);
  }
});

Deno.test("aligned-ae has no samples and no likelihoods, and says so", async () => {
  using device = await Device.open();
  const { pixels } = smallBatch({ views: 2, samples: SAMPLES });
  using model = VaeInference.open(device, { config: smallConfig("aligned-ae"), batchSize: SAMPLES, floatImages: true });
  const refused = /aligned-ae is a deterministic autoencoder, which has no/;
  await assert.rejects(samplePrior(model, { alpha: 1 }), refused);
  await assert.rejects(samplePosterior(model, pixels), refused);
  await assert.rejects(logLikelihood(model, pixels, { of: [0], given: [1], draws: 2 }), refused);
  const decoded = await model.decode(pixels);
  assert.deepEqual(decoded.map((to) => to.length), [2, 2]);
});

Deno.test("one view alone is not aligned", async () => {
  using device = await Device.open();
  const { pixels, noise } = smallBatch({ views: 1, samples: SAMPLES });
  const { kl, loss, reconstruction } = await oneStep(device, {
    config: smallConfig("aligned-ae", { count: 1 }),
    pixels,
    noise,
  });
  assert.deepEqual([kl, loss], [0, reconstruction]);
});
