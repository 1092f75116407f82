import assert from "node:assert/strict";
import { createVaeTrainer, type HostTensor, METHOD_NAMES, methodOf, Vae, type VaeConfig } from "../../../models/mod.ts";
import { compile, Device, input } from "../../../runtime/mod.ts";
import { assertClose, normalData } from "../../reference/compare.ts";
import { LATENT, oneStep, partOfViews, smallBatch, smallConfig, type StepOutcome } from "../small_vae.ts";

const SAMPLES = 6;

/** Every multi-view method in all its variants. */
const FORMS: readonly { name: string; config: (count: number) => VaeConfig }[] = [
  ...["mmvm", "independent", "poe", "moe", "mopoe", "avg", "helvae", "mvtcae", "dmvae", "mmvae-plus"].map((method) => ({
    name: method,
    config: (count: number) => smallConfig(method, { count }),
  })),
  { name: "mmvm, mixture prior", config: (count) => smallConfig("mmvm", { count, prior: "mixture" }) },
  { name: "mopoe, stratified", config: (count) => smallConfig("mopoe", { count, moeAssignment: "stratified" }) },
  { name: "poe, KL once", config: (count) => smallConfig("poe", { count, jointKl: "once" }) },
  { name: "avg, private latents", config: (count) => smallConfig("avg", { count, privateDim: 1 }) },
  { name: "mmvm, private latents", config: (count) => smallConfig("mmvm", { count, privateDim: 2 }) },
];

function assertSameStep(got: StepOutcome, want: StepOutcome, label: string): void {
  for (const term of ["loss", "reconstruction", "kl"] as const) {
    // In nats: a small divergence is the difference of large log densities.
    const error = Math.abs(got[term] - want[term]) / Math.max(1, Math.abs(want[term]));
    assert.ok(error <= 2e-5, `${label}: ${term} is ${got[term]}, not ${want[term]}`);
  }
  assertSameTensors(got.gradients, want.gradients, label);
}

/** Compares all tensors together, because gradients much smaller than the rest are all rounding error. */
function assertSameTensors(
  got: ReadonlyMap<string, HostTensor>,
  want: ReadonlyMap<string, HostTensor>,
  label: string,
): void {
  assert.deepEqual([...got.keys()].sort(), [...want.keys()].sort(), label);
  const flat = (tensors: ReadonlyMap<string, HostTensor>) => [...want.keys()].flatMap((n) => [...tensors.get(n)!.data]);
  assertClose(flat(got), flat(want), { label: `${label}, gradients`, tolerance: 1e-4 });
}

Deno.test("the MMVM VAE at alpha 1 equals independent VAEs, with either prior", async () => {
  using device = await Device.open();
  const batch = smallBatch({ views: 3, samples: SAMPLES });
  const want = await oneStep(device, { config: smallConfig("independent", { count: 3 }), ...batch });
  for (const prior of ["pairwise", "mixture"] as const) {
    const got = await oneStep(device, { config: smallConfig("mmvm", { count: 3, prior }), ...batch, alpha: 1 });
    assertSameStep(got, want, prior);
  }
});

Deno.test("with a single present view every method equals that view's own model", async () => {
  using device = await Device.open();
  const { pixels, noise } = smallBatch({ views: 2, samples: SAMPLES });
  for (const { name, config } of FORMS) {
    for (const view of [0, 1]) {
      const present = Float32Array.from({ length: 2 * SAMPLES }, (_, i) => Math.floor(i / SAMPLES) === view ? 1 : 0);
      using trainer = await createVaeTrainer(device, { config: config(2), batchSize: SAMPLES, seed: 1 });
      const initial = await trainer.read();
      const both = await oneStep(device, { config: config(2), pixels, noise, present });
      const single = await oneStep(device, {
        config: config(1),
        pixels: [pixels[view]!],
        noise: noise.slice(0, SAMPLES * LATENT),
        parameters: partOfViews(initial, [view]),
      });
      assertSameStep({ ...both, gradients: partOfViews(both.gradients, [view]) }, single, `${name}, view ${view}`);
      for (const [tensor, { data }] of partOfViews(both.gradients, [1 - view])) {
        assert.ok(
          data.every((value) => value === 0),
          `${name}: ${tensor} of the view that is never there has a gradient`,
        );
      }
    }
  }
});

Deno.test("with one view every joint method equals a plain VAE, and MMVM one with weight beta * alpha", async () => {
  using device = await Device.open();
  const batch = smallBatch({ views: 1, samples: SAMPLES });
  const want = await oneStep(device, { config: smallConfig("independent", { count: 1 }), ...batch, beta: 0.7 });
  // The objectives of MVTCAE and DMVAE with one view are other multiples of an ELBO; see the tests below.
  for (const { name, config } of FORMS.filter(({ name }) => !/^(mmvm|mvtcae|dmvae)/.test(name))) {
    const got = await oneStep(device, { config: config(1), ...batch, beta: 0.7 });
    // MMVAE+ has auxiliary priors, but decodes no other view with them.
    const { "private_priors.0": unused, ...gradients } = Object.fromEntries(got.gradients);
    assert.ok(unused === undefined || unused.data.every((value) => value === 0), name);
    assertSameStep({ ...got, gradients: new Map(Object.entries(gradients)) }, want, name);
  }
  for (const prior of ["pairwise", "mixture"] as const) {
    const got = await oneStep(device, {
      config: smallConfig("mmvm", { count: 1, prior }),
      ...batch,
      alpha: 0.25,
      beta: 2.8,
    });
    assertSameStep({ ...got, kl: got.kl * 4 }, want, prior);
  }
});

Deno.test("with one view MVTCAE is a plain VAE whose loss is weighted by 1 - alpha, and with alpha 0 PoE", async () => {
  using device = await Device.open();
  const single = smallBatch({ views: 1, samples: SAMPLES });
  const plain = await oneStep(device, { config: smallConfig("independent", { count: 1 }), ...single });
  const half = await oneStep(device, { config: smallConfig("mvtcae", { count: 1, tcRatio: 0.5 }), ...single });
  assertClose([2 * half.loss, 2 * half.kl], [plain.loss, plain.kl], { label: "one view" });
  const batch = smallBatch({ views: 3, samples: SAMPLES });
  const poe = await oneStep(device, { config: smallConfig("poe", { count: 3, jointKl: "once" }), ...batch });
  assertSameStep(await oneStep(device, { config: smallConfig("mvtcae", { count: 3, tcRatio: 0 }), ...batch }), poe, "");
});

Deno.test("no private dimensions and none given are the same step, bit for bit", async () => {
  using device = await Device.open();
  const batch = smallBatch({ views: 2, samples: SAMPLES });
  for (const method of ["mmvm", "mopoe"]) {
    const plain = await oneStep(device, { config: smallConfig(method), ...batch });
    assert.deepEqual(await oneStep(device, { config: smallConfig(method, { privateDim: 0 }), ...batch }), plain);
  }
});

Deno.test("private dimensions are of methods that share latents, and leave at least one shared", () => {
  const of = (method: string, privateDim?: number) =>
    new Vae(smallConfig(method, privateDim === undefined ? {} : { privateDim })).privateDim;
  assert.deepEqual([of("poe"), of("poe", 2), of("dmvae"), of("mmvae-plus", 2), of("independent", 0)], [0, 2, 1, 2, 0]);
  assert.throws(() => of("poe", 3), /method poe takes 0 to 2 private of 3 latent dimensions, not 3/);
  assert.throws(() => of("mmvm", 0.5), /not 0.5$/);
  assert.throws(() => of("dmvae", 0), /method dmvae takes 1 to 2 private of 3 latent dimensions, not 0/);
  for (const method of ["independent", "mvtcae"]) {
    assert.throws(() => of(method, 1), new RegExp(`method ${method} has no latents that are private to a view`));
  }
});

Deno.test("the methods frontal and lateral are independent VAEs of that view only", async () => {
  using device = await Device.open();
  const batch = smallBatch({ views: 1, samples: SAMPLES });
  const want = await oneStep(device, { config: smallConfig("independent", { views: ["frontal"] }), ...batch });
  assertSameStep(await oneStep(device, { config: smallConfig("frontal", { views: ["frontal"] }), ...batch }), want, "");
  await assert.rejects(
    oneStep(device, { config: smallConfig("lateral", { views: ["frontal"] }), ...batch }),
    /method lateral is of the view lateral alone, not of frontal/,
  );
});

Deno.test("permuting the views permutes the results of a step", async () => {
  using device = await Device.open();
  const { pixels, noise } = smallBatch({ views: 3, samples: SAMPLES });
  const order = [2, 0, 1];
  // Mixtures that assign components by slices of the batch permute these too, so samples get other components.
  for (const { name, config } of FORMS.filter(({ name }) => !/^moe|^mopoe/.test(name))) {
    const want = await oneStep(device, { config: config(3), pixels, noise });
    using trainer = await createVaeTrainer(device, { config: config(3), batchSize: SAMPLES, seed: 1 });
    const got = await oneStep(device, {
      config: config(3),
      pixels: order.map((m) => pixels[m]!),
      noise,
      parameters: partOfViews(await trainer.read(), order),
    });
    assertSameStep(got, { ...want, gradients: partOfViews(want.gradients, order) }, name);
  }
});

Deno.test("K identical experts have a product with variance 1/K and an unchanged mixture and average", async () => {
  using device = await Device.open();
  const [views, samples] = [3, 4];
  const one = { mu: normalData(samples * LATENT, { seed: 3 }), logvar: normalData(samples * LATENT, { seed: 4 }) };
  const stacked = (data: Float32Array) =>
    Float32Array.from({ length: views * data.length }, (_, i) => data[i % data.length]!);
  // DMVAE's product has N(0, I) as a further expert.
  for (const method of METHOD_NAMES.map(methodOf).filter(({ name, aggregate }) => aggregate && name !== "dmvae")) {
    using program = await compile(device, () => {
      const shape = [views, samples, LATENT];
      const { mu, logvar } = method.aggregate!({ mu: input("mu", { shape }), logvar: input("logvar", { shape }) }, {});
      return { outputs: { mu, logvar } };
    });
    program.run({ mu: stacked(one.mu), logvar: stacked(one.logvar) });
    const [mu, logvar] = await program.read("mu", "logvar");
    assertClose(mu!, one.mu, { label: `${method.name}, mu` });
    if (method.name === "mopoe") continue; // Its components are products of one, two and three.
    const narrower = method.aggregation === "poe" ? Math.log(views) : 0;
    assertClose(logvar!, one.logvar.map((value) => value - narrower), { label: `${method.name}, logvar` });
  }
});

Deno.test("every method trains on incomplete studies without NaN, whatever the missing images contain", async () => {
  using device = await Device.open();
  const { pixels, noise } = smallBatch({ views: 3, samples: SAMPLES });
  // View 2 is missing everywhere, and the last sample has no view at all.
  const present = Float32Array.of(1, 0, 1, 1, 0, 0, /**/ 1, 1, 0, 0, 1, 0, /**/ 0, 0, 0, 0, 0, 0);
  const withHoles = (hole: number) =>
    pixels.map((image, m) => {
      const size = image.length / SAMPLES;
      return image.map((value, i) => present[m * SAMPLES + Math.floor(i / size)] ? value : hole);
    });
  for (const { name, config } of FORMS) {
    const outcomes = [];
    for (const hole of [0, NaN]) {
      outcomes.push(await oneStep(device, { config: config(3), pixels: withHoles(hole), noise, present }));
    }
    const [zeros, nans] = outcomes;
    for (const [tensor, { data }] of zeros!.state) {
      assert.ok(data.every(Number.isFinite), `${name}: ${tensor} is not finite after a step`);
    }
    assert.deepEqual(nans!.state, zeros!.state, `${name}: what missing images hold has an influence`);
    assert.ok(Number.isFinite(zeros!.loss) && zeros!.kl !== 0, name);
  }
});

Deno.test("the loss weights views by viewWeights", async () => {
  using device = await Device.open();
  const batch = smallBatch({ views: 2, samples: SAMPLES });
  const of = (viewWeights?: readonly number[]) =>
    oneStep(device, { config: smallConfig("mmvm", viewWeights ? { viewWeights } : {}), ...batch });
  const [first, second, both, weighted] = [await of([1, 0]), await of([0, 1]), await of(), await of([0.5, 3])];
  assertClose([both.reconstruction], [first.reconstruction + second.reconstruction], { label: "weights of one" });
  assertClose([weighted.reconstruction], [0.5 * first.reconstruction + 3 * second.reconstruction], {
    label: "weights",
  });
  assertClose([weighted.loss], [weighted.reconstruction + 0.7 * weighted.kl], { label: "loss" });
  await assert.rejects(of([1]), /the views a, b need one weight each, 0 or more, got 1$/);
  await assert.rejects(of([1, -1]), /got 1, -1/);
});

Deno.test("a joint model counts its divergence once per view or once in total", async () => {
  using device = await Device.open();
  const batch = smallBatch({ views: 3, samples: SAMPLES });
  const [published, once] = [
    await oneStep(device, { config: smallConfig("avg", { count: 3 }), ...batch }),
    await oneStep(device, { config: smallConfig("avg", { count: 3, jointKl: "once" }), ...batch }),
  ];
  assertClose([published.kl], [3 * once.kl], { label: "divergence" });
  assertClose([published.reconstruction], [once.reconstruction], { label: "reconstruction" });
});
