/**
 * Densities under a mixture of posteriors, and their gradients, against float64.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Device } from "../../../runtime/device/device.ts";
import type { Profile, Target } from "../../../runtime/kernels/kernel.ts";
import { lowerMixture, lowerMixtureBackward } from "../../../runtime/kernels/latent/latent.ts";
import { normalData, relativeError } from "../../reference/compare.ts";
import { logMixtureDensity, type Normal, numericGradient } from "../../reference/latent.ts";
import {
  type Batch,
  extremeBatch,
  gather,
  nonFinite,
  normalsOf,
  presentViews,
  randomBatch,
  rowOf,
  scatter,
} from "./latent_batch.ts";
import { runLowering } from "../run_lowering.ts";

const PROFILES = ["software", "gpu"] as const;
const SHAPES = [
  { views: 1, samples: 1, width: 1 },
  { views: 2, samples: 9, width: 26 },
  { views: 3, samples: 3, width: 131 },
  { views: 6, samples: 5, width: 4 },
  { views: 2, samples: 33_001, width: 1 },
];

interface Case {
  readonly batch: Batch;
  readonly z: Float32Array;
  readonly masked: boolean;
  readonly gradient: Float32Array;
  /** The log ratio of a view's own posterior to the mixture. */
  readonly ratio?: boolean;
}

/** log q_m(z) - log of the mixture's density in float64. */
function logRatio(draw: readonly number[], own: number, views: readonly Normal[]): number {
  return logMixtureDensity(draw, [views[own]!]) - logMixtureDensity(draw, views);
}

/** The log ratios of all rows, of which none is masked. */
function ratios({ batch, z }: Case): Float64Array {
  const { views, samples, width } = batch;
  return Float64Array.from({ length: views * samples }, (_, row) => {
    const [m, sample] = [Math.floor(row / samples), row % samples];
    const point = gather(batch, { sample, views: presentViews(batch, sample) });
    return logRatio(rowOf(z, { row, width }), m, normalsOf(point, width));
  });
}

function makeCase(batch: Batch, masked: boolean): Case {
  const z = normalData(batch.mu.length, { seed: 5 });
  const gradient = normalData(batch.mask.length, { seed: 6 });
  if (masked) {
    for (let i = 0; i < z.length; i++) if (Number.isNaN(batch.mu[i])) z[i] = NaN;
    for (let row = 0; row < gradient.length; row++) if (batch.mask[row] === 0) gradient[row] = NaN;
  }
  return { batch, z, masked, gradient };
}

async function run(device: Device, profile: Profile, { batch, z, masked, gradient, ratio = false }: Case) {
  const { views, samples, width, mu, logvar, mask } = batch;
  const target: Target = { ...device.target, profile };
  const rows = views * samples;
  const forward = await runLowering(device, lowerMixture({ views, samples, width, target, masked, ratio }), {
    inputs: [z, mu, logvar, ...(masked ? [mask] : [])],
    outputs: [rows, rows * views],
  });
  const [logq, weights] = forward.outputs as [Float32Array, Float32Array];
  const backward = await runLowering(device, lowerMixtureBackward({ views, samples, width, target }), {
    inputs: [z, mu, logvar, weights, gradient],
    outputs: [mu.length, mu.length, mu.length],
  });
  const [zGradient, muGradient, logvarGradient] = backward.outputs as [Float32Array, Float32Array, Float32Array];
  return { logq, weights, z: zGradient, mu: muGradient, logvar: logvarGradient };
}

function oracle({ batch, z, gradient, ratio = false }: Case) {
  const { samples, width } = batch;
  const logq = new Float64Array(batch.mask.length);
  const [toZ, mu, logvar] = [0, 1, 2].map(() => new Float64Array(batch.mu.length)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (let sample = 0; sample < samples; sample++) {
    const views = presentViews(batch, sample);
    const draws = views.map((m) => rowOf(z, { row: m * samples + sample, width }));
    const point = gather(batch, { sample, views });
    const valueOf = (k: number, draw: readonly number[], x: readonly number[]) => {
      const normals = normalsOf(x, width);
      return ratio ? logRatio(draw, k, normals) : logMixtureDensity(draw, normals);
    };
    const total = (draws: readonly (readonly number[])[], x: readonly number[]) =>
      views.reduce((sum, m, k) => sum + gradient[m * samples + sample]! * valueOf(k, draws[k]!, x), 0);
    scatter(numericGradient((x) => total(draws, x), point), { batch, sample, views, mu, logvar });
    views.forEach((m, k) => {
      const row = m * samples + sample;
      logq[row] = valueOf(k, draws[k]!, point);
      const f = (draw: readonly number[]) => gradient[row]! * valueOf(k, draw, point);
      toZ.set(numericGradient(f, draws[k]!), row * width);
    });
  }
  return { logq, z: toZ, mu, logvar };
}

for (const masked of [false, true]) {
  Deno.test(`latent_mixture equals the float64 oracle${masked ? " with absent views" : ""}`, async () => {
    using device = await Device.open();
    for (const [at, shape] of SHAPES.entries()) {
      const test = makeCase(randomBatch(shape, { seed: 40 * at + 1, masked }), masked);
      const want = oracle(test);
      for (const profile of PROFILES) {
        const got = await run(device, profile, test);
        for (const key of ["logq", "z", "mu", "logvar"] as const) {
          const error = relativeError(got[key], want[key]);
          assert.ok(error < 2e-5, `${key} at ${JSON.stringify(shape)}, ${profile}: ${error}`);
        }
      }
    }
  });
}

Deno.test("latent_mixture_ratio equals the float64 oracle, with gradients and absent views", async () => {
  using device = await Device.open();
  for (const [at, shape] of SHAPES.entries()) {
    for (const masked of [false, true]) {
      const test = { ...makeCase(randomBatch(shape, { seed: 70 * at + 1, masked }), masked), ratio: true };
      const want = oracle(test);
      for (const profile of PROFILES) {
        const got = await run(device, profile, test);
        for (const key of ["logq", "z", "mu", "logvar"] as const) {
          const error = relativeError(got[key], want[key]);
          assert.ok(error < 2e-5, `${key} at ${JSON.stringify(shape)}, ${profile}, ${masked}: ${error}`);
        }
      }
    }
  }
});

Deno.test("latent_mixture_ratio of nearly equal posteriors keeps the precision of their differences", async () => {
  using device = await Device.open();
  const base = randomBatch({ views: 2, samples: 40, width: 64 }, { seed: 12, masked: false });
  const half = base.mu.length / 2;
  const near = (data: Float32Array, by: number) =>
    data.map((_, i) => 20 + data[i % half]! + (i < half ? 0 : by * data[(i * 7) % half]!));
  for (const [by, tolerance] of [[0, 0], [1e-3, 3e-6], [0.1, 3e-6]] as const) {
    const batch = { ...base, mu: near(base.mu, by), logvar: near(base.logvar, by).map((value) => value - 20) };
    const z = normalData(batch.mu.length, { seed: 5 }).map((noise, i) =>
      batch.mu[i]! + Math.exp(batch.logvar[i]! / 2) * noise
    );
    const test = { ...makeCase(batch, false), z, ratio: true };
    const want = ratios(test);
    const largest = Math.max(...want.map(Math.abs));
    for (const profile of PROFILES) {
      const { logq } = await run(device, profile, test);
      logq.forEach((value, row) => {
        const error = Math.abs(value - want[row]!);
        assert.ok(error <= tolerance * largest, `apart ${by}, row ${row}, ${profile}: ${value} is not ${want[row]}`);
      });
    }
  }
});

Deno.test("latent_mixture weights add up to one over the present views", async () => {
  using device = await Device.open();
  const test = makeCase(randomBatch({ views: 3, samples: 8, width: 2 }, { seed: 3, masked: true }), true);
  const { views, samples, mask } = test.batch;
  for (const profile of PROFILES) {
    const { weights } = await run(device, profile, test);
    for (let m = 0; m < views; m++) {
      for (let n = 0; n < samples; n++) {
        let sum = 0;
        for (let k = 0; k < views; k++) sum += weights[(m * views + k) * samples + n]!;
        assert.ok(Math.abs(sum - mask[m * samples + n]!) < 1e-6, `draw ${m}, sample ${n}: ${sum}`);
      }
    }
  }
});

Deno.test("latent_mixture stays finite for log variances of -80 to 80 and densities beyond float32", async () => {
  using device = await Device.open();
  const test = makeCase(extremeBatch({ views: 3, samples: 12, width: 256 }, { far: 3.4e38 }), false);
  for (const profile of PROFILES) {
    const got = await run(device, profile, test);
    for (const key of ["logq", "weights", "z", "mu", "logvar"] as const) assert.deepEqual(nonFinite(got[key]), [], key);
  }
});

Deno.test("latent_mixture of one present view is that view's density", async () => {
  using device = await Device.open();
  const base = randomBatch({ views: 3, samples: 4, width: 7 }, { seed: 8, masked: false });
  base.mask.fill(0).fill(1, 4, 8);
  const masked = makeCase({ ...base, mu: base.mu.map((value, i) => (i < 28 || i >= 56 ? NaN : value)) }, true);
  const one: Batch = {
    ...base,
    views: 1,
    mu: base.mu.slice(28, 56),
    logvar: base.logvar.slice(28, 56),
    mask: base.mask.slice(4, 8),
  };
  const alone: Case = {
    ...masked,
    batch: one,
    masked: false,
    z: masked.z.slice(28, 56),
    gradient: masked.gradient.slice(4, 8),
  };
  for (const profile of PROFILES) {
    const got = await run(device, profile, masked);
    const want = await run(device, profile, alone);
    assert.deepEqual([...got.logq.slice(4, 8)], [...want.logq]);
    assert.deepEqual([...got.mu.slice(28, 56)], [...want.mu]);
    assert.ok(got.logq.slice(0, 4).every((value) => value === 0));
  }
});

Deno.test("latent_mixture passes a NaN of a present view on", async () => {
  using device = await Device.open();
  const test = makeCase(randomBatch({ views: 2, samples: 2, width: 5 }, { seed: 5, masked: false }), false);
  test.batch.mu[2] = NaN;
  for (const profile of PROFILES) {
    const got = await run(device, profile, test);
    assert.deepEqual([...got.logq].map(Number.isNaN), [true, false, true, false]);
  }
});
