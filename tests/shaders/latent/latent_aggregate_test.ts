/**
 * Aggregated posteriors and their gradients against float64, with absent views.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Device } from "../../../runtime/device/device.ts";
import type { Profile, Target } from "../../../runtime/kernels/kernel.ts";
import {
  type AggregateMethod,
  lowerAggregate,
  lowerAggregateBackward,
  mixtureComponents,
} from "../../../runtime/kernels/latent/latent_aggregate.ts";
import { normalData, relativeError } from "../../reference/compare.ts";
import { aggregated, batchSlice, numericGradient, subsetsBySize } from "../../reference/latent.ts";
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

const METHODS: readonly AggregateMethod[] = ["poe", "moe", "mopoe", "avg"];
const SHAPES = [
  { views: 1, samples: 1, width: 1 },
  { views: 2, samples: 9, width: 26 },
  { views: 3, samples: 23, width: 13 },
  { views: 6, samples: 70, width: 3 },
  { views: 3, samples: 4, width: 5 }, // fewer samples than mopoe has components
];

interface Case {
  readonly batch: Batch;
  readonly method: AggregateMethod;
  readonly masked: boolean;
  readonly assignment?: Uint32Array;
  readonly toMu: Float32Array;
  readonly toLogvar: Float32Array;
}

async function run(device: Device, profile: Profile, test: Case) {
  const { batch, method, masked, assignment, toMu, toLogvar } = test;
  const { views, samples, width, mu, logvar, mask } = batch;
  const target: Target = { ...device.target, profile };
  const options = { views, samples, width, target, method, masked, assigned: assignment !== undefined };
  const inputs = [mu, logvar, ...(assignment ? [assignment] : []), ...(masked ? [mask] : [])];
  const size = samples * width;
  const forward = await runLowering(device, lowerAggregate(options), { inputs, outputs: [size, size] });
  const backward = await runLowering(device, lowerAggregateBackward(options), {
    inputs: [...inputs, toMu, toLogvar],
    outputs: [mu.length, mu.length],
  });
  const [jointMu, jointLogvar] = forward.outputs as [Float32Array, Float32Array];
  return { jointMu, jointLogvar, mu: backward.outputs[0]!, logvar: backward.outputs[1]! };
}

function oracle({ batch, method, assignment, toMu, toLogvar }: Case) {
  const { samples, width } = batch;
  const jointMu = new Float64Array(samples * width);
  const jointLogvar = new Float64Array(samples * width);
  const mu = new Float64Array(batch.mu.length);
  const logvar = new Float64Array(batch.mu.length);
  for (let sample = 0; sample < samples; sample++) {
    const views = presentViews(batch, sample);
    if (views.length === 0) continue;
    const component = (count: number) =>
      assignment ? assignment[sample]! % count : batchSlice(sample, { samples, components: count });
    const point = gather(batch, { sample, views });
    const joint = aggregated(normalsOf(point, width), { method, component });
    jointMu.set(joint.mu, sample * width);
    jointLogvar.set(joint.logvar, sample * width);
    const f = (x: readonly number[]) => {
      const q = aggregated(normalsOf(x, width), { method, component });
      let sum = 0;
      for (let d = 0; d < width; d++) {
        sum += q.mu[d]! * toMu[sample * width + d]! + q.logvar[d]! * toLogvar[sample * width + d]!;
      }
      return sum;
    };
    scatter(numericGradient(f, point), { batch, sample, views, mu, logvar });
  }
  return { jointMu, jointLogvar, mu, logvar };
}

function makeCase(batch: Batch, options: { method: AggregateMethod; masked: boolean; assigned?: boolean }): Case {
  const size = batch.samples * batch.width;
  const { assigned, ...rest } = options;
  const draws = normalData(batch.samples, { seed: 12 }).map((value) => Math.floor(Math.abs(value) * 1e9));
  return {
    batch,
    ...rest,
    toMu: normalData(size, { seed: 10 }),
    toLogvar: normalData(size, { seed: 11 }),
    ...(assigned ? { assignment: Uint32Array.from(draws) } : {}),
  };
}

const KEYS = ["jointMu", "jointLogvar", "mu", "logvar"] as const;

for (const method of METHODS) {
  for (const masked of [false, true]) {
    for (const assigned of method === "moe" || method === "mopoe" ? [false, true] : [false]) {
      const name = `${method}${assigned ? ", assigned" : ""}${masked ? ", absent views" : ""}`;
      Deno.test(`latent_aggregate: ${name}: equals the float64 oracle`, async () => {
        using device = await Device.open();
        for (const [at, shape] of SHAPES.entries()) {
          const test = makeCase(randomBatch(shape, { seed: 50 * at + 1, masked }), { method, masked, assigned });
          const want = oracle(test);
          for (const profile of ["software", "gpu"] as const) {
            const got = await run(device, profile, test);
            for (const key of KEYS) {
              const error = relativeError(got[key], want[key]);
              assert.ok(error < 2e-5, `${key} at ${JSON.stringify(shape)}, ${profile}: ${error}`);
            }
          }
        }
      });
    }
  }

  Deno.test(`latent_aggregate: ${method} stays finite for log variances of -80 to 80`, async () => {
    using device = await Device.open();
    const test = makeCase(extremeBatch({ views: 3, samples: 14, width: 64 }), { method, masked: false });
    const got = await run(device, "gpu", test);
    const want = oracle(test);
    for (const key of KEYS) assert.deepEqual(nonFinite(got[key]), [], key);
    for (const key of ["jointMu", "jointLogvar"] as const) assert.ok(relativeError(got[key], want[key]) < 2e-5, key);
  });

  Deno.test(`latent_aggregate: ${method} of no view gives zeros, whatever the views hold`, async () => {
    using device = await Device.open();
    const base = randomBatch({ views: 2, samples: 3, width: 5 }, { seed: 4, masked: false });
    const batch = { ...base, mu: base.mu.fill(NaN), logvar: base.logvar.fill(-Infinity), mask: base.mask.fill(0) };
    const got = await run(device, "gpu", makeCase(batch, { method, masked: true }));
    for (const key of KEYS) assert.ok(got[key].every((value) => value === 0), key);
  });

  Deno.test(`latent_aggregate: ${method} of one view is that view`, async () => {
    using device = await Device.open();
    const base = randomBatch({ views: 3, samples: 4, width: 5 }, { seed: 6, masked: false });
    base.mask.fill(0).fill(1, 4, 8);
    const got = await run(device, "gpu", makeCase(base, { method, masked: true }));
    assert.ok(relativeError(got.jointMu, base.mu.slice(20, 40)) < 1e-6);
    assert.ok(relativeError(got.jointLogvar, base.logvar.slice(20, 40)) < 1e-6);
  });
}

Deno.test("latent_aggregate: a batch of more than 65,535 workgroups", async () => {
  using device = await Device.open();
  const shape = { views: 2, samples: 4_200_001, width: 1 };
  const mu = Float32Array.from({ length: 2 * shape.samples }, (_, i) => i % 1000);
  const batch: Batch = { ...shape, mu, logvar: new Float32Array(mu.length), mask: new Float32Array(0) };
  const test = makeCase({ ...batch, samples: 1 }, { method: "moe", masked: false });
  const gradient = new Float32Array(shape.samples).fill(1);
  const got = await run(device, "software", { ...test, batch, toMu: gradient, toLogvar: gradient });
  const half = Math.floor(shape.samples / 2);
  const expected = (n: number) => mu[n < half ? n : shape.samples + n];
  for (let n = 0; n < shape.samples; n++) if (got.jointMu[n] !== expected(n)) assert.fail(`sample ${n}`);
  for (let n = 0; n < shape.samples; n++) if (got.mu[n] !== (n < half ? 1 : 0)) assert.fail(`gradient, sample ${n}`);
});

Deno.test("latent_aggregate: a NaN of a present view goes through", async () => {
  using device = await Device.open();
  const batch = randomBatch({ views: 2, samples: 2, width: 3 }, { seed: 5, masked: false });
  batch.logvar[1] = NaN;
  for (const method of ["poe", "avg"] as const) {
    const got = await run(device, "gpu", makeCase(batch, { method, masked: false }));
    assert.deepEqual([...got.jointLogvar].map(Number.isNaN), [false, true, false, false, false, false], method);
  }
});

Deno.test("mixtureComponents() lists subsets by size, then lexicographically", () => {
  const bits = (subset: readonly number[]) => subset.reduce((sum, view) => sum + 2 ** view, 0);
  assert.deepEqual(mixtureComponents("mopoe", 3), [0b001, 0b010, 0b100, 0b011, 0b101, 0b110, 0b111]);
  for (let views = 1; views <= 6; views++) {
    assert.deepEqual(mixtureComponents("mopoe", views), subsetsBySize(views).map(bits));
  }
  assert.deepEqual(mixtureComponents("moe", 4), [1, 2, 4, 8]);
  assert.deepEqual(mixtureComponents("poe", 4), [15]);
});

Deno.test("mixtureComponents() rejects more views than the kernel lists", () => {
  assert.throws(() => mixtureComponents("mopoe", 7), /mopoe takes 1 to 6 views, got 7/);
  assert.throws(() => mixtureComponents("poe", 33), RangeError);
  assert.throws(() => mixtureComponents("moe", 0), RangeError);
});
