import assert from "node:assert/strict";
import { createVaeTrainer, samplePosterior, samplePrior, type VaeConfig, VaeInference } from "../../../models/mod.ts";
import { Device } from "../../../runtime/mod.ts";
import { assertClose } from "../../reference/compare.ts";
import { aggregated, batchSlice } from "../../reference/latent.ts";
import { LATENT, smallBatch, smallConfig } from "../small_vae.ts";

const SAMPLES = 7;
const { pixels } = smallBatch({ views: 3, samples: SAMPLES });

function openSmall(device: Device, config: VaeConfig): VaeInference {
  return VaeInference.open(device, { config, batchSize: SAMPLES, floatImages: true, seed: 1 });
}

Deno.test("models with the same training state encode alike", async () => {
  using device = await Device.open();
  const config = smallConfig("mmvm", { count: 3 });
  using trainer = await createVaeTrainer(device, { config, batchSize: SAMPLES, seed: 5, floatImages: true });
  trainer.step({ pixels }, { step: 0, learningRate: 1e-2, alpha: 1, beta: 1 });
  const state = await trainer.read();
  using model = openSmall(device, config);
  const before = await model.encode(pixels);
  model.write(state);
  const parameters = await model.parameters.read();
  assert.ok(parameters.size > 0 && parameters.size < state.size);
  for (const [name, tensor] of parameters) assert.deepEqual(tensor, state.get(name), name);
  using other = openSmall(device, config);
  other.write(parameters);
  assert.notDeepEqual(await model.encode(pixels), before);
  assert.deepEqual(await model.encode(pixels), await other.encode(pixels));
  assert.deepEqual(await model.decode(pixels), await other.decode(pixels));
});

Deno.test("aggregation over a subset of the views equals the oracle's posterior", async () => {
  using device = await Device.open();
  for (const method of ["poe", "moe", "mopoe", "avg"] as const) {
    using model = openSmall(device, smallConfig(method, { count: 3 }));
    const { mu, logvar } = await model.encode(pixels);
    for (const views of [[0], [2], [0, 2], [0, 1, 2]]) {
      const got = await model.aggregate(pixels, { views });
      const want = Array.from({ length: SAMPLES }, (_, n) => {
        const row = (data: Float32Array) => [...data.subarray(n * LATENT, (n + 1) * LATENT)];
        const posteriors = views.map((m) => ({ mu: row(mu[m]!), logvar: row(logvar[m]!) }));
        return aggregated(posteriors, {
          method,
          component: (components) => batchSlice(n, { samples: SAMPLES, components }),
        });
      });
      assertClose(got.mu, want.flatMap((posterior) => posterior.mu), { label: `${method} of ${views}, mu` });
      assertClose(got.logvar, want.flatMap((posterior) => posterior.logvar), {
        label: `${method} of ${views}, logvar`,
      });
    }
  }
});

Deno.test("aggregation ignores the views that a sample lacks", async () => {
  using device = await Device.open();
  using model = openSmall(device, smallConfig("poe", { count: 3 }));
  const present = Float32Array.from({ length: 3 * SAMPLES }, (_, i) => i % SAMPLES === 0 && i >= SAMPLES ? 0 : 1);
  const { mu } = await model.aggregate(pixels, { present });
  const [only, all] = [await model.aggregate(pixels, { views: [0] }), await model.aggregate(pixels)];
  assert.deepEqual(mu.slice(0, LATENT), only.mu.slice(0, LATENT));
  assert.deepEqual(mu.slice(LATENT), all.mu.slice(LATENT));
});

Deno.test("aggregation is rejected for methods without a joint posterior and for unknown views", async () => {
  using device = await Device.open();
  using model = openSmall(device, smallConfig("mmvm"));
  await assert.rejects(
    model.aggregate(pixels.slice(0, 2)),
    /method mmvm keeps one posterior a view and has none after/,
  );
  await assert.rejects(
    model.translate(pixels.slice(0, 2), { from: 0, to: 2 }),
    /there is no view 2: the model has 2 \(a, b\)/,
  );
  await assert.rejects(model.decodeLatents(new Float32Array(5)), /5 latent values are neither one nor 2 vectors of 3/);
});

Deno.test("stratified components depend only on seed and step", async () => {
  using device = await Device.open();
  using model = openSmall(device, smallConfig("moe", { count: 3, moeAssignment: "stratified" }));
  const [first, again] = [await model.aggregate(pixels, { seed: 1 }), await model.aggregate(pixels, { seed: 1 })];
  assert.deepEqual(first, again);
  assert.notDeepEqual((await model.aggregate(pixels, { seed: 1, step: 1 })).mu, first.mu);
  const { mu } = await model.encode(pixels);
  for (let n = 0; n < SAMPLES; n++) {
    const row = [...first.mu.subarray(n * LATENT, (n + 1) * LATENT)].map(Math.fround);
    const rows = mu.map((data) => [...data.subarray(n * LATENT, (n + 1) * LATENT)]);
    assert.ok(rows.some((one) => one.every((value, d) => Math.abs(value - row[d]!) < 1e-6)), `sample ${n}`);
  }
});

Deno.test("reconstructions come from each view's own posterior, or from the joint one", async () => {
  using device = await Device.open();
  using separate = openSmall(device, smallConfig("mmvm", { count: 3 }));
  const decoded = await separate.decode(pixels);
  assert.deepEqual(await separate.reconstruct(pixels), decoded.map((to, m) => to[m]!));
  assert.deepEqual(await separate.translate(pixels, { from: 0, to: 2 }), decoded[0]![2]!);
  using joint = openSmall(device, smallConfig("poe", { count: 3 }));
  const { mu } = await joint.aggregate(pixels);
  assert.deepEqual(await joint.reconstruct(pixels), await joint.decodeLatents(mu));
  // From one view alone a joint model's posterior is that view's.
  const translated = await joint.decode(pixels);
  (await joint.reconstruct(pixels, { views: [1] })).forEach((image, to) => {
    assertClose(image, translated[1]![to]!, { label: `view ${to} from view 1` });
  });
});

Deno.test("the images of a Bernoulli likelihood are probabilities, not logits", async () => {
  using device = await Device.open();
  const [of, logits] = [{ name: "bernoulli", scale: 1 }, { name: "gaussian", scale: 1 }] as const;
  using bernoulli = openSmall(device, smallConfig("mmvm", { count: 3, likelihood: of }));
  using gaussian = openSmall(device, smallConfig("mmvm", { count: 3, likelihood: logits }));
  const [images, outputs] = [await bernoulli.reconstruct(pixels), await gaussian.reconstruct(pixels)];
  images.forEach((image, m) =>
    assertClose(image, outputs[m]!.map((logit) => 1 / (1 + Math.exp(-logit))), { label: `${m}` })
  );
});

Deno.test("samples are reproducible by seed and step, and views share a latent if the method does", async () => {
  using device = await Device.open();
  for (const method of ["mmvm", "mopoe", "independent"]) {
    using model = openSmall(device, smallConfig(method, { count: 3 }));
    // With equal decoders, equal latents give equal images.
    const state = await model.parameters.read();
    for (const [name] of state) {
      if (/^decoders\.[12]/.test(name)) state.set(name, state.get(name.replace(/\d/, "0"))!);
    }
    model.write(state);
    const samples = await samplePosterior(model, pixels, { seed: 3, step: 2 });
    assert.deepEqual(await samplePosterior(model, pixels, { seed: 3, step: 2 }), samples);
    assert.notDeepEqual(await samplePosterior(model, pixels, { seed: 3, step: 3 }), samples);
    const shared = method !== "independent";
    assert.equal(samples[1]!.every((value, i) => value === samples[0]![i]), shared, method);
    const fromPrior = await samplePrior(model, { seed: 4, alpha: 0.5 });
    assert.equal(fromPrior.length, 3);
    assert.equal(fromPrior[1]!.every((value, i) => value === fromPrior[0]![i]), shared, method);
    assert.ok(fromPrior.flatMap((image) => [...image]).every(Number.isFinite));
  }
});

Deno.test("the MMVM VAE rejects sampling from a prior that was annealed away", async () => {
  using device = await Device.open();
  using model = openSmall(device, smallConfig("mmvm"));
  await assert.rejects(
    samplePrior(model),
    /mmvm has no samples from the prior at alpha 0: nothing holds its latents to N\(0, I\)/,
  );
});
