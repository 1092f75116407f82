/**
 * The MMVM regularizer and its gradients against float64, with absent views.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Device } from "../../../runtime/device/device.ts";
import type { Profile, Target } from "../../../runtime/kernels/kernel.ts";
import { lowerMmvmKl, lowerMmvmKlBackward } from "../../../runtime/kernels/latent/latent.ts";
import { normalData, relativeError } from "../../reference/compare.ts";
import { mmvmKl, numericGradient } from "../../reference/latent.ts";
import {
  type Batch,
  extremeBatch,
  gather,
  nonFinite,
  normalsOf,
  presentViews,
  randomBatch,
  scatter,
} from "./latent_batch.ts";
import { runLowering } from "../run_lowering.ts";

const SHAPES = [
  { views: 1, samples: 1, width: 1 },
  { views: 2, samples: 9, width: 26 },
  { views: 3, samples: 5, width: 131 },
  { views: 6, samples: 17, width: 4 },
  { views: 2, samples: 66_001, width: 1 },
];

interface Case {
  readonly batch: Batch;
  readonly alpha: number;
  readonly masked: boolean;
  readonly gradient: Float32Array;
}

async function run(device: Device, profile: Profile, { batch, alpha, masked, gradient }: Case) {
  const target: Target = { ...device.target, profile };
  const { views, samples, width } = batch;
  const options = { views, samples, width, target, masked };
  const inputs = [batch.mu, batch.logvar, Float32Array.of(alpha), ...(masked ? [batch.mask] : [])];
  const size = batch.mu.length;
  const forward = await runLowering(device, lowerMmvmKl(options), { inputs, outputs: [samples] });
  const backward = await runLowering(device, lowerMmvmKlBackward(options), {
    inputs: [...inputs, gradient],
    outputs: [size, size],
  });
  return { kl: forward.outputs[0]!, mu: backward.outputs[0]!, logvar: backward.outputs[1]! };
}

function oracle({ batch, alpha, gradient }: Case) {
  const kl = new Float64Array(batch.samples);
  const mu = new Float64Array(batch.mu.length);
  const logvar = new Float64Array(batch.mu.length);
  for (let sample = 0; sample < batch.samples; sample++) {
    const views = presentViews(batch, sample);
    const point = gather(batch, { sample, views });
    const f = (x: readonly number[]) => mmvmKl(normalsOf(x, batch.width), alpha);
    kl[sample] = f(point);
    const slope = numericGradient(f, point).map((value) => value * gradient[sample]!);
    scatter(slope, { batch, sample, views, mu, logvar });
  }
  return { kl, mu, logvar };
}

for (const masked of [false, true]) {
  Deno.test(`mmvm kernels equal the float64 oracle${masked ? " with absent views" : ""}`, async () => {
    using device = await Device.open();
    for (const [at, shape] of SHAPES.entries()) {
      const batch = randomBatch(shape, { seed: 10 * at + 1, masked });
      const test: Case = { batch, alpha: 0.3, masked, gradient: normalData(shape.samples, { seed: 7 }) };
      const want = oracle(test);
      for (const profile of ["software", "gpu"] as const) {
        const got = await run(device, profile, test);
        for (const name of ["kl", "mu", "logvar"] as const) {
          const error = relativeError(got[name], want[name]);
          assert.ok(error < 2e-5, `${name} at ${JSON.stringify(shape)}, ${profile}: ${error}`);
        }
      }
    }
  });
}

Deno.test("mmvm kernels stay finite for log variances of -80 to 80", async () => {
  using device = await Device.open();
  const batch = extremeBatch({ views: 3, samples: 12, width: 256 }, { far: 3.4e38 });
  for (const alpha of [0, 0.5, 1]) {
    const test: Case = { batch, alpha, masked: false, gradient: new Float32Array(12).fill(1) };
    for (const profile of ["software", "gpu"] as const) {
      const got = await run(device, profile, test);
      for (const name of ["kl", "mu", "logvar"] as const) {
        assert.deepEqual(nonFinite(got[name]), [], `${name}, ${profile}`);
      }
    }
  }
});

Deno.test("mmvm kernels are accurate where posteriors nearly agree, and never negative", async () => {
  using device = await Device.open();
  const base = randomBatch({ views: 2, samples: 8, width: 64 }, { seed: 3, masked: false });
  const half = base.mu.length / 2;
  const batch = {
    ...base,
    mu: base.mu.map((mu, i) => (i < half ? mu : base.mu[i - half]!)),
    logvar: base.logvar.map((logvar, i) => (i < half ? logvar : Math.fround(base.logvar[i - half]! + 1e-3))),
  };
  const test: Case = { batch, alpha: 0, masked: false, gradient: new Float32Array(8).fill(1) };
  const want = oracle(test);
  const got = await run(device, "software", test);
  assert.ok(relativeError(got.kl, want.kl) < 2e-5, `${got.kl} for ${want.kl}`);
  assert.ok(got.kl.every((kl) => kl >= 0));
});

Deno.test("mmvm kernels give zero for a sample without views, whatever its views hold", async () => {
  using device = await Device.open();
  const base = randomBatch({ views: 2, samples: 3, width: 5 }, { seed: 4, masked: false });
  const batch = { ...base, mu: base.mu.fill(NaN), logvar: base.logvar.fill(Infinity), mask: base.mask.fill(0) };
  for (const profile of ["software", "gpu"] as const) {
    const got = await run(device, profile, {
      batch,
      alpha: 0.5,
      masked: true,
      gradient: new Float32Array(3).fill(NaN),
    });
    for (const name of ["kl", "mu", "logvar"] as const) assert.ok(got[name].every((value) => value === 0), name);
  }
});

Deno.test("mmvm kernels pass NaN and Inf of a present view on", async () => {
  using device = await Device.open();
  for (const bad of [NaN, Infinity]) {
    const batch = randomBatch({ views: 2, samples: 2, width: 5 }, { seed: 5, masked: false });
    batch.mu[3] = bad;
    batch.logvar[8] = bad;
    const got = await run(device, "gpu", { batch, alpha: 0.5, masked: false, gradient: new Float32Array(2).fill(1) });
    assert.deepEqual([...got.kl].map(Number.isFinite), [false, false], String(bad));
    assert.ok(!Number.isFinite(got.mu[3]!) && !Number.isFinite(got.logvar[8]!), String(bad));
  }
});
