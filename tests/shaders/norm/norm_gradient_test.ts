/**
 * The kernels of batch normalisation's gradient against float64, for both profiles.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Device } from "../../../runtime/device/device.ts";
import type { Profile } from "../../../runtime/kernels/kernel.ts";
import {
  FEW_ROWS,
  lowerBatchNormFewGradient,
  lowerBatchNormGradient,
  type Rows,
} from "../../../runtime/kernels/norm/norm.ts";
import { assertClose } from "../../reference/compare.ts";
import { batchNormGradient, channelMoments } from "../../reference/norm.ts";
import { runLowering } from "../run_lowering.ts";
import { EPSILON, type Problem, problem, PROFILES, SHAPES, targetFor, toleranceFor } from "./norm_problem.ts";

for (const profile of PROFILES) {
  for (const relu of [false, true]) {
    for (const training of [true, false]) {
      const variant = `${profile}${relu ? ", relu" : ""}${training ? ", training" : ", evaluation"}`;
      Deno.test(`norm_gradient_sums and norm_gradient_coefficients (${variant}) agree with float64`, async () => {
        using device = await Device.open();
        for (const shape of SHAPES) await checkGradient(device, { shape, profile, relu, training });
      });
    }
  }
}

for (const relu of [false, true]) {
  Deno.test(`norm_gradient_few${relu ? " (relu)" : ""} agrees with float64 for 1 to 16 rows`, async () => {
    using device = await Device.open();
    for (const rows of [1, 2, 3, 4, 7, FEW_ROWS]) {
      for (const channels of [1, 6, 8, 260]) {
        const shape = { rows, channels };
        const data = problem(shape, { mean: 0.3 });
        const got = await fewGradient(device, { shape, data, relu });
        const want = batchNormGradient({ ...shape, ...data, epsilon: EPSILON, relu });
        for (const name of ["dx", "dgamma", "dbeta"] as const) {
          assertClose(got[name], want[name], { label: `${name} of ${rows} x ${channels}` });
        }
      }
    }
  });
}

Deno.test("norm_gradient_few keeps the sum of dx over the rows at zero where large numbers cancel", async () => {
  using device = await Device.open();
  const shape = { rows: 4, channels: 64 };
  // Channels of so little variance that scale dy is thousands of times dx.
  const data = problem(shape, { mean: 0.7, deviation: 1e-3 });
  for (let c = 0; c < shape.channels; c++) {
    // dy is nearly a line in x, whose part along x - mean is all but lost.
    for (let r = 0; r < 4; r++) data.dy[r * 64 + c] = 100 * data.x[r * 64 + c]! + 1e-3 * data.dy[r * 64 + c]!;
  }
  const { dx } = await fewGradient(device, { shape, data, relu: false });
  const want = batchNormGradient({ ...shape, ...data, epsilon: EPSILON, relu: false });
  assertClose(dx, want.dx, { label: "dx" });
  for (let c = 0; c < shape.channels; c++) {
    const rows = [0, 1, 2, 3].map((r) => dx[r * 64 + c]!);
    const largest = Math.max(...rows.map(Math.abs));
    const total = Math.abs(rows.reduce((sum, value) => sum + value));
    assert.ok(total <= 4 * 2 ** -24 * largest, `channel ${c}: rows up to ${largest} add up to ${total}`);
  }
});

Deno.test("norm_gradient_few is correct for a constant channel, and keeps a NaN within its channel", async () => {
  using device = await Device.open();
  const shape = { rows: 5, channels: 8 };
  const data = problem(shape);
  for (let r = 0; r < 5; r++) data.x[r * 8 + 2] = 0.25;
  data.dy[3 * 8 + 6] = NaN;
  const { dx, dgamma, dbeta } = await fewGradient(device, { shape, data, relu: false });
  const want = batchNormGradient({ ...shape, ...data, epsilon: EPSILON, relu: false });
  const channel = (values: ArrayLike<number>, c: number) => [0, 1, 2, 3, 4].map((r) => values[r * 8 + c]!);
  assertClose(channel(dx, 2), channel(want.dx, 2), { label: "dx of the constant channel" });
  for (const values of [dgamma, dbeta, dx]) {
    assert.deepEqual([...values].map(Number.isNaN), [...values].map((_, i) => i % 8 === 6));
  }
});

for (const profile of PROFILES) {
  Deno.test(`the gradient of beta (${profile}) is exact where dy adds up to zero`, async () => {
    using device = await Device.open();
    for (const shape of [{ rows: 64, channels: 20 }, { rows: 5000, channels: 7 }]) {
      const { rows, channels } = shape;
      const data = problem(shape);
      // The second half cancels the first, in another order.
      const half = rows * channels / 2;
      for (let i = 0; i < half; i++) {
        data.dy[rows * channels - channels - (i - i % channels) + i % channels] = -data.dy[i]!;
      }
      const { dbeta } = await gradientSums(device, { shape, data, profile });
      // Plain sums leave about 1e-6 here, in some channels more.
      for (const total of dbeta) assert.ok(Math.abs(total) <= 1e-10, `dbeta of ${rows} rows: ${total}`);
    }
  });

  Deno.test(`the gradient of beta (${profile}) is infinite where dy is, and NaN where it is both`, async () => {
    using device = await Device.open();
    const shape = { rows: 40, channels: 4 };
    const data = problem(shape);
    data.dy[5 * 4] = Infinity;
    data.dy[7 * 4 + 1] = -Infinity;
    data.dy[9 * 4 + 2] = NaN;
    const { dbeta } = await gradientSums(device, { shape, data, profile });
    assert.deepEqual([...dbeta.slice(0, 3)], [Infinity, -Infinity, NaN]);
    assert.ok(Number.isFinite(dbeta[3]));
  });
}

function momentsOf(data: Problem, shape: Rows) {
  const { mean, variance } = channelMoments(data.x, shape);
  const inverse = variance.map((v) => 1 / Math.sqrt(v + EPSILON));
  const scale = inverse.map((v, c) => v * data.gamma[c]!);
  const shift = scale.map((v, c) => data.beta[c]! - mean[c]! * v);
  return [[...mean, ...inverse], scale, shift].map((values) => Float32Array.from(values));
}

async function gradientSums(device: Device, options: { shape: Rows; data: Problem; profile: Profile }) {
  const { shape, data, profile } = options;
  const lowering = lowerBatchNormGradient(shape, { relu: false, training: false, target: targetFor(device, profile) });
  const { outputs } = await runLowering(device, lowering, {
    inputs: [data.dy, data.x, ...momentsOf(data, shape)],
    outputs: [shape.channels, shape.channels],
  });
  return { dgamma: outputs[0]!, dbeta: outputs[1]! };
}

async function fewGradient(device: Device, options: { shape: Rows; data: Problem; relu: boolean }) {
  const { shape, data, relu } = options;
  const { rows, channels } = shape;
  const { outputs } = await runLowering(device, lowerBatchNormFewGradient(shape, { relu, epsilon: EPSILON }), {
    inputs: [data.dy, data.x, ...momentsOf(data, shape)],
    outputs: [channels, channels, rows * channels],
  });
  return { dgamma: outputs[0]!, dbeta: outputs[1]!, dx: outputs[2]! };
}

async function checkGradient(
  device: Device,
  options: { shape: Rows; profile: Profile; relu: boolean; training: boolean },
): Promise<void> {
  const { shape, profile, relu, training } = options;
  const { rows, channels } = shape;
  const data = problem(shape, { mean: 0.3 });
  const { mean, variance } = channelMoments(data.x, shape);
  const inverse = variance.map((v) => 1 / Math.sqrt(v + EPSILON));
  const scale = inverse.map((v, c) => v * data.gamma[c]!);
  const shift = scale.map((v, c) => data.beta[c]! - mean[c]! * v);
  // Every other shape as on a device that binds no more buffers than WebGPU guarantees.
  const target = { ...targetFor(device, profile), ...(rows % 2 ? { maxStorageBuffers: 8 } : {}) };
  const lowering = lowerBatchNormGradient(shape, { relu, training, target });
  const { outputs } = await runLowering(device, lowering, {
    inputs: [
      data.dy,
      data.x,
      Float32Array.from([...mean, ...inverse]),
      Float32Array.from(scale),
      Float32Array.from(shift),
    ],
    outputs: new Array(training ? 6 : 2).fill(channels),
  });
  const [dgamma, dbeta, slope, offset, centre, rowSum] = outputs;
  const want = batchNormGradient({ ...shape, ...data, epsilon: EPSILON, relu });
  const label = `${rows} x ${channels}`;
  // Sums of signed terms cancel, so their error is measured against the sum of magnitudes.
  const magnitude = batchNormGradient({ ...shape, ...data, dy: data.dy.map(Math.abs), epsilon: EPSILON, relu });
  const floor = Math.hypot(...magnitude.dbeta) * 1e-6;
  const tolerance = (values: Float64Array) => toleranceFor(shape) + floor / (Math.hypot(...values) || 1);
  assertClose(dbeta!, want.dbeta, { label: `dbeta ${label}`, tolerance: tolerance(want.dbeta) });
  assertClose(dgamma!, want.dgamma, { label: `dgamma ${label}`, tolerance: tolerance(want.dgamma) });
  if (training) assert.deepEqual(rowSum, new Float32Array(channels));
  // Of few rows dx is a difference of nearly equal numbers, for which there is norm_gradient_few.
  if (!training || rows < 3) return;
  const dx = data.x.map((x, i) => {
    const c = i % channels;
    const dy = relu && x * scale[c]! + shift[c]! <= 0 ? 0 : data.dy[i]!;
    return dy * scale[c]! + (x - centre![c]!) * slope![c]! + offset![c]!;
  });
  assertClose(dx, want.dx, { label: `dx ${label}`, tolerance: toleranceFor(shape) });
}
