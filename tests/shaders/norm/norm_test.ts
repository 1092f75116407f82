/**
 * Batch normalisation's forward kernels against float64, for both profiles.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Device } from "../../../runtime/device/device.ts";
import type { Grid, Profile, Target } from "../../../runtime/kernels/kernel.ts";
import {
  lowerBatchNormCoefficients,
  lowerBatchNormGradient,
  lowerBatchNormStatistics,
  type Rows,
  splitRows,
} from "../../../runtime/kernels/norm/norm.ts";
import { assertClose } from "../../reference/compare.ts";
import { channelMoments } from "../../reference/norm.ts";
import { runLowering } from "../run_lowering.ts";
import { EPSILON, type Problem, problem, PROFILES, SHAPES, targetFor, toleranceFor } from "./norm_problem.ts";
import { subgroupSizes } from "../subgroup_sizes.ts";

async function statistics(
  device: Device,
  options: { shape: Rows; data: Problem; profile: Profile; secondGrid?: Grid },
) {
  const { shape, data, secondGrid } = options;
  const { channels } = shape;
  const { scratch, dispatches } = lowerBatchNormStatistics(shape, {
    momentum: 0.1,
    epsilon: EPSILON,
    target: targetFor(device, options.profile),
  });
  const lowering = {
    scratch: scratch!,
    dispatches: dispatches.map((dispatch, pass) => ({
      ...dispatch,
      grid: pass === 1 && secondGrid ? secondGrid : dispatch.grid,
    })),
  };
  const { outputs, inputs } = await runLowering(device, lowering, {
    inputs: [data.x, data.gamma, data.beta, data.runningMean, data.runningVariance],
    outputs: [channels, channels, 2 * channels],
  });
  const [scale, shift, moments] = outputs;
  return {
    scale: scale!,
    shift: shift!,
    mean: moments!.slice(0, channels),
    inverse: moments!.slice(channels),
    moments: moments!,
    runningMean: inputs[3]!,
    runningVariance: inputs[4]!,
  };
}

function secondGridOf(shape: Rows, target: Target): Grid {
  return lowerBatchNormStatistics(shape, { momentum: 0.1, epsilon: EPSILON, target }).dispatches[1]!.grid;
}

for (const profile of PROFILES) {
  Deno.test(`norm_moments and norm_statistics (${profile}) agree with float64 for all kinds of shapes`, async () => {
    using device = await Device.open();
    for (const shape of SHAPES) {
      const data = problem(shape, { mean: 0.7, deviation: 1.5 });
      const { rows, channels } = shape;
      const got = await statistics(device, { shape, data, profile });
      const { mean, variance } = channelMoments(data.x, shape);
      const inverse = variance.map((v) => 1 / Math.sqrt(v + EPSILON));
      const scale = inverse.map((v, c) => v * data.gamma[c]!);
      const unbiased = variance.map((v) => (rows > 1 ? v * rows / (rows - 1) : v));
      const expected = {
        mean,
        inverse,
        scale,
        shift: scale.map((v, c) => data.beta[c]! - mean[c]! * v),
        runningMean: mean.map((v, c) => 0.9 * data.runningMean[c]! + 0.1 * v),
        runningVariance: unbiased.map((v, c) => 0.9 * data.runningVariance[c]! + 0.1 * v),
      };
      for (const name of ["mean", "inverse", "scale", "shift", "runningMean", "runningVariance"] as const) {
        assertClose(got[name], expected[name], {
          label: `${name} of ${rows} x ${channels}`,
          tolerance: toleranceFor(shape),
        });
      }
    }
  });

  Deno.test(`norm_moments (${profile}) keeps the variance of data far from zero`, async () => {
    using device = await Device.open();
    // The mean of squares minus the squared mean would lose all digits here: 1000^2 against a variance of 1.
    const shape = { rows: 5000, channels: 12 };
    const data = problem(shape, { mean: 1000, deviation: 1 });
    const got = await statistics(device, { shape, data, profile });
    const { mean, variance } = channelMoments(data.x, shape);
    assertClose(got.mean, mean, { label: "mean", tolerance: 1e-6 });
    assertClose(got.inverse, variance.map((v) => 1 / Math.sqrt(v + EPSILON)), { label: "inverse" });
  });

  Deno.test(`norm_moments (${profile}) keeps the variance where one outlier dominates`, async () => {
    using device = await Device.open();
    const shape = { rows: 3000, channels: 4 };
    for (const at of [0, 1499, 2999]) {
      const data = problem(shape);
      data.x.fill(1e6, at * 4, at * 4 + 4);
      const got = await statistics(device, { shape, data, profile });
      const { mean, variance } = channelMoments(data.x, shape);
      assertClose(got.mean, mean, { label: `mean, outlier in row ${at}` });
      assertClose(got.inverse, variance.map((v) => 1 / Math.sqrt(v + EPSILON)), {
        label: `inverse, outlier in row ${at}`,
      });
    }
  });

  Deno.test(`norm_statistics (${profile}) gives constant channels a variance of zero`, async () => {
    using device = await Device.open();
    const shape = { rows: 777, channels: 8 };
    const data = problem(shape);
    data.x.fill(0.1);
    const got = await statistics(device, { shape, data, profile });
    assertClose(got.mean, new Float32Array(8).fill(0.1), { label: "mean", tolerance: 1e-6 });
    assertClose(got.inverse, new Float64Array(8).fill(1 / Math.sqrt(EPSILON)), { label: "inverse", tolerance: 1e-5 });
  });

  Deno.test(`norm_statistics (${profile}) shows a NaN in its own channel only`, async () => {
    using device = await Device.open();
    const shape = { rows: 130, channels: 8 };
    const data = problem(shape);
    data.x[55 * 8 + 3] = NaN;
    const got = await statistics(device, { shape, data, profile });
    for (const values of [got.mean, got.inverse, got.scale, got.shift, got.runningMean, got.runningVariance]) {
      assert.deepEqual([...values].map(Number.isNaN), [0, 1, 2, 3, 4, 5, 6, 7].map((c) => c === 3));
    }
  });
}

Deno.test("norm_statistics (gpu) folds a grid of more than 65,535 workgroups", async () => {
  using device = await Device.open();
  // One workgroup a channel: a real grid of that size takes a software adapter many seconds, so that a small one is
  // folded by hand.
  assert.deepEqual(secondGridOf({ rows: 3, channels: 65_537 }, targetFor(device, "gpu")), [32_769, 2, 1]);
  const shape = { rows: 3, channels: 37 };
  const data = problem(shape);
  const got = await statistics(device, { shape, data, profile: "gpu", secondGrid: [8, 5, 1] });
  const { mean, variance } = channelMoments(data.x, shape);
  assertClose(got.mean, mean, { label: "mean" });
  assertClose(got.inverse, variance.map((v) => 1 / Math.sqrt(v + EPSILON)), { label: "inverse" });
});

Deno.test("first passes over large feature maps read them as texels where these can be read", () => {
  const target = { profile: "software", maxBindingBytes: 2 ** 27, maxStorageBuffers: 10 } as const;
  const kernels = (shape: Rows, maxTexels?: number) => {
    const options = { target: { ...target, ...(maxTexels === undefined ? {} : { maxTexels }) } };
    return [
      lowerBatchNormStatistics(shape, { ...options, momentum: 0.1, epsilon: EPSILON }),
      lowerBatchNormGradient(shape, { ...options, relu: true, training: true }),
    ].map(({ dispatches }) => dispatches[0]!.kernel);
  };
  // Shapes of the tests above.
  for (const large of [{ rows: 4099, channels: 40 }, { rows: 25_000, channels: 8 }]) {
    assert.deepEqual(kernels(large, 2 ** 22), ["norm_moments/x4-texels", "norm_gradient_sums/relu-x4-texels"]);
    assert.deepEqual(kernels(large), ["norm_moments/x4", "norm_gradient_sums/relu-x4"]);
    assert.deepEqual(kernels(large, 2 ** 16), ["norm_moments/x4-texels", "norm_gradient_sums/relu-x4"]);
  }
  assert.deepEqual(kernels({ rows: 4099, channels: 24 }, 2 ** 22), ["norm_moments/x4", "norm_gradient_sums/relu-x4"]);
});

Deno.test("norm_coefficients agrees with float64", async () => {
  using device = await Device.open();
  for (const channels of [1, 7, 64, 320]) {
    const data = problem({ rows: 1, channels });
    const { outputs } = await runLowering(device, lowerBatchNormCoefficients({ channels, epsilon: EPSILON }), {
      inputs: [data.runningMean, data.runningVariance, data.gamma, data.beta],
      outputs: [channels, channels, 2 * channels],
    });
    const inverse = Float64Array.from(data.runningVariance, (v) => 1 / Math.sqrt(v + EPSILON));
    const scale = inverse.map((v, c) => v * data.gamma[c]!);
    assertClose(outputs[0]!, scale, { label: `scale ${channels}` });
    assertClose(outputs[1]!, scale.map((v, c) => data.beta[c]! - data.runningMean[c]! * v), {
      label: `shift ${channels}`,
    });
    assertClose(outputs[2]!, [...data.runningMean, ...inverse], { label: `moments ${channels}` });
  }
});

Deno.test("second passes have the same bits with subgroups of any size as without", async () => {
  using device = await Device.open();
  for (const shape of [{ rows: 25_000, channels: 8 }, { rows: 100, channels: 320 }, { rows: 1031, channels: 13 }]) {
    const data = problem(shape, { mean: 0.7 });
    const { channels } = shape;
    const run = async (subgroups: number) => {
      const target: Target = { ...device.target, profile: "gpu", subgroups };
      const statistics = lowerBatchNormStatistics(shape, { momentum: 0.1, epsilon: EPSILON, target });
      const made = await runLowering(device, statistics, {
        inputs: [data.x, data.gamma, data.beta, data.runningMean, data.runningVariance],
        outputs: [channels, channels, 2 * channels],
      });
      const [scale, shift, moments] = made.outputs;
      const gradient = lowerBatchNormGradient(shape, { relu: true, training: true, target });
      const grads = await runLowering(device, gradient, {
        inputs: [data.dy, data.x, moments!, scale!, shift!],
        outputs: new Array(6).fill(channels),
      });
      return [...made.outputs, ...made.inputs, ...grads.outputs];
    };
    const alone = await run(1);
    assert.ok(alone.every((values) => values.every(Number.isFinite)));
    for (const subgroups of subgroupSizes(device.target)) assert.deepEqual(await run(subgroups), alone);
  }
});

Deno.test("equal inputs give bit-equal statistics", async () => {
  using device = await Device.open();
  const shape = { rows: 3001, channels: 24 };
  for (const profile of PROFILES) {
    const data = problem(shape);
    const first = await statistics(device, { shape, data, profile });
    const second = await statistics(device, { shape, data, profile });
    assert.deepEqual(first, second);
  }
});

Deno.test("splitRows() covers every row once, fills the adapter and bounds the rows of one invocation", () => {
  const target = (profile: Profile): Target => ({
    profile,
    maxBindingBytes: 2 ** 27,
    maxStorageBuffers: 8,
  });
  for (const profile of PROFILES) {
    for (const shape of [...SHAPES, { rows: 32 * 224 * 224, channels: 8 }, { rows: 32 * 224 * 224, channels: 1 }]) {
      const split = splitRows(shape, target(profile));
      const chunks = Math.ceil(shape.rows / split.chunkRows);
      assert.equal(split.chunkRows % split.interleave, 0);
      assert.equal(split.lanes, chunks * split.interleave * split.groups);
      assert.ok(split.chunkRows / split.interleave <= 4096);
      if (shape.rows > 1e6) assert.ok(split.lanes >= (profile === "gpu" ? 60_000 : 1000));
    }
  }
});
