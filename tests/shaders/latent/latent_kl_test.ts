/**
 * KL divergences, draws and their gradients against float64, at extremes and for NaN.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Device } from "../../../runtime/device/device.ts";
import type { Profile, Target } from "../../../runtime/kernels/kernel.ts";
import { lowerKl, lowerKlBackward, lowerKlPair, lowerKlPairBackward } from "../../../runtime/kernels/latent/latent.ts";
import { normalData, relativeError } from "../../reference/compare.ts";
import { klDivergence, numericGradient, reparameterized, standardNormal } from "../../reference/latent.ts";
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
  { views: 1, samples: 9, width: 26 },
  { views: 1, samples: 5, width: 131 },
  { views: 1, samples: 66_001, width: 1 },
];

interface Case {
  readonly batch: Batch;
  readonly masked: boolean;
  readonly sample: boolean;
  readonly eps: Float32Array;
  readonly zGradient: Float32Array;
  readonly klGradient: Float32Array;
}

function makeCase(batch: Batch, flags: { masked: boolean; sample: boolean }): Case {
  const size = batch.mu.length;
  return {
    batch,
    ...flags,
    eps: normalData(size, { seed: 5 }),
    zGradient: flags.sample ? normalData(size, { seed: 6 }) : new Float32Array(size),
    klGradient: normalData(batch.samples, { seed: 7 }),
  };
}

async function run(device: Device, profile: Profile, test: Case) {
  const { batch: { mu, logvar, mask, samples: rows, width }, masked, sample } = test;
  const target: Target = { ...device.target, profile };
  const inputs = [mu, logvar, ...(sample ? [test.eps] : []), ...(masked ? [mask] : [])];
  const forward = await runLowering(device, lowerKl({ rows, width, target, masked, sample }), {
    inputs,
    outputs: sample ? [mu.length, rows] : [rows],
  });
  const backward = await runLowering(device, lowerKlBackward({ rows, width, target, masked, sample }), {
    inputs: [...inputs, ...(sample ? [test.zGradient] : []), test.klGradient],
    outputs: [mu.length, mu.length],
  });
  return {
    z: sample ? forward.outputs[0]! : new Float32Array(mu.length),
    kl: forward.outputs.at(-1)!,
    mu: backward.outputs[0]!,
    logvar: backward.outputs[1]!,
  };
}

function oracle({ batch, sample, eps, zGradient, klGradient }: Case) {
  const kl = new Float64Array(batch.samples);
  const [z, mu, logvar] = [0, 1, 2].map(() => new Float64Array(batch.mu.length)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (let row = 0; row < batch.samples; row++) {
    const views = presentViews(batch, row);
    if (views.length === 0) continue;
    const at = { row, width: batch.width };
    const noise = rowOf(eps, at);
    const toZ = rowOf(zGradient, at);
    const point = gather(batch, { sample: row, views });
    const parts = (x: readonly number[]) => {
      const [q] = normalsOf(x, batch.width);
      return { z: reparameterized(q!, noise), kl: klDivergence(q!, standardNormal(q!)) };
    };
    const here = parts(point);
    if (sample) z.set(here.z, row * batch.width);
    kl[row] = here.kl;
    const total = (x: readonly number[]) => {
      const { z, kl } = parts(x);
      return z.reduce((sum, value, d) => sum + value * toZ[d]!, kl * klGradient[row]!);
    };
    scatter(numericGradient(total, point), { batch, sample: row, views, mu, logvar });
  }
  return { z, kl, mu, logvar };
}

for (const sample of [true, false]) {
  for (const masked of [false, true]) {
    const name = `${sample ? "reparameterisation and KL" : "KL"} to N(0, I)${masked ? " with absent rows" : ""}`;
    Deno.test(`latent_kl: ${name}, equals the float64 oracle`, async () => {
      using device = await Device.open();
      for (const [at, shape] of SHAPES.entries()) {
        const test = makeCase(randomBatch(shape, { seed: 20 * at + 1, masked }), { masked, sample });
        const want = oracle(test);
        for (const profile of PROFILES) {
          const got = await run(device, profile, test);
          for (const key of ["z", "kl", "mu", "logvar"] as const) {
            const error = relativeError(got[key], want[key]);
            assert.ok(error < 2e-5, `${key} at ${JSON.stringify(shape)}, ${profile}: ${error}`);
          }
        }
      }
    });
  }
}

Deno.test("latent_kl: log variances of -80 and 80 give exact and finite values", async () => {
  using device = await Device.open();
  const batch = extremeBatch({ views: 1, samples: 20, width: 256 });
  for (const profile of PROFILES) {
    const test: Case = {
      ...makeCase(batch, { masked: false, sample: true }),
      klGradient: new Float32Array(20).fill(1),
    };
    const got = await run(device, profile, test);
    const want = oracle(test);
    for (const key of ["z", "kl", "mu", "logvar"] as const) assert.deepEqual(nonFinite(got[key]), [], key);
    assert.ok(relativeError(got.kl, want.kl) < 2e-5);
    assert.ok(relativeError(got.z, want.z) < 2e-5);
  }
});

Deno.test("latent_kl: a KL near zero keeps its digits", async () => {
  using device = await Device.open();
  const tiny = normalData(400, { seed: 1 }).map((value) => value * 1e-3);
  const batch: Batch = {
    views: 1,
    samples: 4,
    width: 100,
    mu: new Float32Array(400),
    logvar: tiny,
    mask: new Float32Array(4).fill(1),
  };
  const test = makeCase(batch, { masked: false, sample: false });
  const got = await run(device, "software", test);
  // 1/2 (x^2/2 + x^3/6), the next term being 1e-7 of it.
  const want = [0, 1, 2, 3].map((row) =>
    rowOf(tiny, { row, width: 100 }).reduce((sum, x) => sum + x * x / 4 + x ** 3 / 12, 0)
  );
  assert.ok(relativeError(got.kl, want) < 2e-6);
});

Deno.test("latent_kl: NaN and Inf of a present row go through, those of an absent row do not", async () => {
  using device = await Device.open();
  const batch = randomBatch({ views: 1, samples: 3, width: 4 }, { seed: 1, masked: false });
  batch.mu[1] = NaN;
  batch.logvar[6] = Infinity;
  batch.mu[9] = NaN;
  batch.mask[2] = 0;
  for (const profile of PROFILES) {
    const got = await run(device, profile, makeCase(batch, { masked: true, sample: true }));
    assert.deepEqual([...got.kl].map(Number.isFinite), [false, false, true]);
    assert.equal(got.kl[2], 0);
    assert.ok(!Number.isFinite(got.z[1]) && !Number.isFinite(got.z[6]) && !Number.isFinite(got.logvar[6]));
  }
});

async function runPair(device: Device, profile: Profile, options: { batch: Batch; gradient: Float32Array }) {
  const { batch, gradient } = options;
  const target: Target = { ...device.target, profile };
  const { samples: rows, width } = batch;
  const half = rows * width;
  const inputs = [batch.mu.slice(0, half), batch.logvar.slice(0, half), batch.mu.slice(half), batch.logvar.slice(half)];
  const forward = await runLowering(device, lowerKlPair({ rows, width, target }), { inputs, outputs: [rows] });
  const backward = await runLowering(device, lowerKlPairBackward({ rows, width, target }), {
    inputs: [...inputs, gradient],
    outputs: [half, half, half],
  });
  const [mu0, logvar0, logvar1] = backward.outputs as [Float32Array, Float32Array, Float32Array];
  return {
    kl: forward.outputs[0]!,
    mu: Float32Array.from([...mu0, ...mu0.map((value) => -value)]),
    logvar: Float32Array.from([...logvar0, ...logvar1]),
  };
}

Deno.test("latent_kl_pair: KL between two normals equals the float64 oracle", async () => {
  using device = await Device.open();
  for (const [at, shape] of SHAPES.entries()) {
    const batch = randomBatch({ ...shape, views: 2 }, { seed: 30 * at + 1, masked: false });
    const gradient = normalData(batch.samples, { seed: 8 });
    const kl = new Float64Array(batch.samples);
    const mu = new Float64Array(batch.mu.length);
    const logvar = new Float64Array(batch.mu.length);
    for (let sample = 0; sample < batch.samples; sample++) {
      const f = (x: readonly number[]) => {
        const [q, p] = normalsOf(x, batch.width);
        return klDivergence(q!, p!);
      };
      const point = gather(batch, { sample, views: [0, 1] });
      kl[sample] = f(point);
      const slope = numericGradient(f, point).map((value) => value * gradient[sample]!);
      scatter(slope, { batch, sample, views: [0, 1], mu, logvar });
    }
    for (const profile of PROFILES) {
      const got = await runPair(device, profile, { batch, gradient });
      for (const [key, want] of Object.entries({ kl, mu, logvar })) {
        const error = relativeError(got[key as keyof typeof got], want);
        assert.ok(error < 2e-5, `${key} at ${JSON.stringify(shape)}, ${profile}: ${error}`);
      }
    }
  }
});

Deno.test("latent_kl_pair: stays finite for log variances of -80 to 80", async () => {
  using device = await Device.open();
  const batch = extremeBatch({ views: 2, samples: 12, width: 256 });
  for (const profile of PROFILES) {
    const got = await runPair(device, profile, { batch, gradient: new Float32Array(12).fill(1) });
    for (const key of ["kl", "mu", "logvar"] as const) assert.deepEqual(nonFinite(got[key]), [], key);
  }
});
