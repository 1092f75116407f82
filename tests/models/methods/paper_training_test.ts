import assert from "node:assert/strict";
import { createVaeTrainer, type HostTensor, type VaeConfig } from "../../../models/mod.ts";
import { Device } from "../../../runtime/mod.ts";
import { assertClose } from "../../reference/compare.ts";
import golden from "../golden/methods.json" with { type: "json" };
import { LINEAR, registerLinearNetwork } from "../linear_network.ts";

/** The sizes of `golden/make_methods.py`. */
const [VIEWS, SAMPLES, SIDE, LATENT, PRIVATE] = [3, 5, 2, 4, 2];
const PIXELS = SIDE * SIDE;
const PRESENT = Float32Array.of(1, 1, 1, 1, 0, /**/ 1, 1, 1, 0, 0, /**/ 1, 1, 1, 1, 1);

/** The numbers of `golden/make_methods.py`. */
function waves(count: number, phase: number, scale = 1): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: count }, (_, i) => scale * Math.sin(1.7 * i ** 1.5 + phase));
}

/** Replaces every tensor by waves whose phase is its place in the order of names. */
function initialState(state: ReadonlyMap<string, HostTensor>): Map<string, HostTensor> {
  const names = [...state.keys()].filter((name) => !name.startsWith("optimizer.")).sort();
  return new Map(names.map((name, phase) => {
    const { shape, data } = state.get(name)!;
    return [name, { shape, data: waves(data.length, phase, 0.5) }];
  }));
}

/** The further noise of a method at a step. */
function furtherNoise(method: string, step: number): Record<string, Float32Array> {
  if (method === "dmvae") return { joint: waves(SAMPLES * (LATENT - PRIVATE), 60 + step) };
  if (method !== "mmvae-plus") return {};
  return { "auxiliary priors": waves(VIEWS * VIEWS * SAMPLES * PRIVATE, 80 + step) };
}

for (const [method, { privateDim, steps, state: sums }] of Object.entries(golden.cases)) {
  Deno.test(`${method} with ${privateDim} private dimensions takes PyTorch's steps, with missing views`, async () => {
    registerLinearNetwork();
    const config: VaeConfig = {
      method,
      views: ["a", "b", "c"],
      network: LINEAR,
      imageSize: SIDE,
      filterDim: 1,
      latentDim: LATENT,
      privateDim,
      dropout: 0,
      likelihood: { name: "gaussian", scale: golden.scale },
      tcRatio: golden.alpha,
    };
    using device = await Device.open();
    using trainer = await createVaeTrainer(device, {
      config,
      batchSize: SAMPLES,
      seed: 1,
      epsilon: golden.epsilon,
      floatImages: true,
      givenNoise: true,
      missingViews: true,
    });
    trainer.write(initialState(await trainer.read()));
    const settings = { learningRate: golden.learningRate, alpha: 0, beta: golden.beta };
    steps.forEach((_, step) => {
      const images = waves(VIEWS * SAMPLES * PIXELS, 20 + step, 0.5).map((value) => value + 0.5);
      const size = SAMPLES * PIXELS;
      trainer.step({
        pixels: Array.from({ length: VIEWS }, (_, m) => images.slice(m * size, (m + 1) * size)),
        noise: waves(VIEWS * SAMPLES * LATENT, 40 + step),
        furtherNoise: furtherNoise(method, step),
        present: PRESENT,
      }, { ...settings, step });
    });
    const got = (await trainer.readMetrics()).map(({ values }) => values as Record<"loss" | "kl", number>);
    assertClose(got.map(({ loss }) => loss), steps.map(({ loss }) => loss), { label: "losses" });
    assertClose(got.map(({ kl }) => kl), steps.map(({ kl }) => kl), { label: "divergences" });
    const state = await trainer.read();
    const names = [...state.keys()].filter((name) => !name.startsWith("optimizer."));
    assert.deepEqual(names.sort(), Object.keys(sums).sort());
    for (const [name, [sum, squares]] of Object.entries(sums) as [string, [number, number]][]) {
      const values = [...state.get(name)!.data];
      const norm = Math.sqrt(values.reduce((total, value) => total + value ** 2, 0));
      assertClose([norm], [Math.sqrt(squares)], { label: `${name}, norm` });
      const difference = values.reduce((total, value) => total + value, 0) - sum;
      assert.ok(Math.abs(difference) < 2e-5 * Math.sqrt(values.length) * norm, `${name}, sum: off by ${difference}`);
    }
  });
}
