import assert from "node:assert/strict";
import { samplePosterior, samplePrior, type VaeConfig, VaeInference } from "../../../models/mod.ts";
import { Device } from "../../../runtime/mod.ts";
import { assertClose } from "../../reference/compare.ts";
import { LATENT, smallBatch, smallConfig } from "../small_vae.ts";

const [VIEWS, SAMPLES, PRIVATE] = [3, 7, 1];
const SHARED = LATENT - PRIVATE;
const { pixels } = smallBatch({ views: VIEWS, samples: SAMPLES });

function open(device: Device, method: string, changes: Partial<VaeConfig> = {}): VaeInference {
  const config = smallConfig(method, { count: VIEWS, privateDim: PRIVATE, ...changes });
  return VaeInference.open(device, { config, batchSize: SAMPLES, floatImages: true, seed: 1 });
}

/** Latents [N, D] of shared ones [N, S or more] and private ones, or zeros in their place. */
function latents(shared: Float32Array, own?: Float32Array): Float32Array {
  const width = shared.length / SAMPLES;
  return Float32Array.from({ length: SAMPLES * LATENT }, (_, i) => {
    const [n, d] = [Math.floor(i / LATENT), i % LATENT];
    return d < SHARED ? shared[n * width + d]! : own?.[i] ?? 0;
  });
}

Deno.test("translations take the shared latent of one view and the prior's mean as private latent", async () => {
  using device = await Device.open();
  for (const method of ["mmvm", "avg", "dmvae", "mmvae-plus"]) {
    using model = open(device, method);
    const { mu } = await model.encode(pixels);
    const decoded = await model.decode(pixels);
    for (const from of [0, 2]) {
      const translated = await model.decodeLatents(latents(mu[from]!));
      const own = await model.decodeLatents(mu[from]!);
      decoded[from]!.forEach((image, to) => {
        assertClose(image, from === to ? own[to]! : translated[to]!, { label: `${method}, ${from} to ${to}` });
      });
    }
  }
});

Deno.test("the joint posterior is of shared latents, and reconstructions add the view's own private one", async () => {
  using device = await Device.open();
  for (const method of ["poe", "helvae", "dmvae", "mmvae-plus"]) {
    using model = open(device, method);
    const { mu } = await model.encode(pixels);
    const views = [0, 2];
    const joint = await model.aggregate(pixels, { views });
    assert.equal(joint.mu.length, SAMPLES * SHARED);
    const images = await model.reconstruct(pixels, { views });
    for (const m of [0, 1, 2]) {
      // View 1 is not used: its private latent is the prior's mean.
      const want = await model.decodeLatents(latents(joint.mu, views.includes(m) ? mu[m]! : undefined));
      assertClose(images[m]!, want[m]!, { label: `${method}, view ${m}` });
    }
  }
});

Deno.test("DMVAE's joint posterior of one view has N(0, I) as a further expert", async () => {
  using device = await Device.open();
  using model = open(device, "dmvae");
  const { mu, logvar } = await model.encode(pixels);
  const got = await model.aggregate(pixels, { views: [1] });
  const each = Array.from({ length: SAMPLES * SHARED }, (_, i) => {
    const at = Math.floor(i / SHARED) * LATENT + i % SHARED;
    const precision = Math.exp(-logvar[1]![at]!);
    return { mu: mu[1]![at]! * precision / (1 + precision), logvar: -Math.log(1 + precision) };
  });
  assertClose(got.mu, each.map((one) => one.mu), { label: "mu" });
  assertClose(got.logvar, each.map((one) => one.logvar), { label: "logvar" });
});

Deno.test("samples share the shared latent between views, but not the private ones", async () => {
  using device = await Device.open();
  for (const method of ["mmvm", "mopoe", "dmvae", "mmvae-plus"]) {
    using model = open(device, method);
    // With equal decoders, views differ by their private latents only.
    const state = await model.parameters.read();
    for (const name of state.keys()) {
      if (/^decoders\.[12]/.test(name)) state.set(name, state.get(name.replace(/\d/, "0"))!);
    }
    model.write(state);
    const drawn = [
      await samplePosterior(model, pixels, { seed: 3, step: 2 }),
      await samplePrior(model, { seed: 4, alpha: 0.5 }),
    ];
    assert.deepEqual(await samplePosterior(model, pixels, { seed: 3, step: 2 }), drawn[0], method);
    for (const images of drawn) {
      assert.equal(images.length, VIEWS);
      assert.ok(images.flatMap((image) => [...image]).every(Number.isFinite), method);
      assert.notDeepEqual(images[1], images[0], method);
    }
    // Without an influence of the private latents, all views are the same.
    for (const [name, { data }] of state) {
      if (!/^decoders\.\d\.feature_generator\.0\.weight$/.test(name)) continue;
      state.set(name, {
        shape: state.get(name)!.shape,
        data: data.map((value, i) => i % LATENT < SHARED ? value : 0) as Float32Array<ArrayBuffer>,
      });
    }
    model.write(state);
    const [first, second] = await samplePosterior(model, pixels, { seed: 3, step: 2 });
    assert.deepEqual(first, second, method);
  }
});
