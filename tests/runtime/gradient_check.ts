/**
 * Checks an op's value and gradients against a float64 oracle and its central differences.
 *
 * @module
 */
import assert from "node:assert/strict";
import { gradients } from "../../runtime/graph/autodiff.ts";
import { compile } from "../../runtime/program/compile.ts";
import type { Device } from "../../runtime/device/device.ts";
import { input } from "../../runtime/graph/leaf.ts";
import { mul } from "../../runtime/ops/pointwise.ts";
import { sum } from "../../runtime/ops/reduce.ts";
import type { Tensor } from "../../runtime/graph/tensor.ts";
import { type Shape, sizeOf } from "../../runtime/graph/shape.ts";
import { relativeError, TOLERANCE } from "../reference/compare.ts";

/** A named argument of the op under test. */
export interface Argument {
  readonly shape: Shape;
  readonly data: ArrayLike<number>;
  /** False for arguments without a gradient (masks, noise). */
  readonly differentiable?: boolean;
  readonly dtype?: "f32" | "u32";
}

/** Reproducible numbers, uniform in [low, high). */
export function numbers(count: number, options: { seed?: number; low?: number; high?: number } = {}): Float32Array {
  const { seed = 1, low = -2, high = 2 } = options;
  let state = (seed * 2654435761) >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    const mixed = Math.imul(state ^ (state >>> 12), 0x297a2d39) >>> 0;
    return low + ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32 * (high - low);
  });
}

/**
 * Runs `op` on the device and compares its output with `oracle`'s, and the gradient of sum(weights * output), for fixed
 * random weights, with central differences of the oracle.
 */
export async function checkOp(
  device: Device,
  options: {
    name: string;
    op: (inputs: Tensor[]) => Tensor;
    oracle: (inputs: Float64Array[]) => ArrayLike<number>;
    inputs: readonly Argument[];
    tolerance?: number;
    gradientTolerance?: number;
    /** Step of the central differences. */
    step?: number;
  },
): Promise<void> {
  const { name, op, oracle, inputs, tolerance = TOLERANCE, gradientTolerance = TOLERANCE, step = 1e-4 } = options;
  const want = oracle(inputs.map(({ data }) => Float64Array.from(data)));
  const weights = numbers(want.length, { seed: 77 });
  using program = await compile(device, () => {
    const tensors = inputs.map(({ shape, dtype }, i) => input(`x${i}`, { shape, dtype: dtype ?? "f32" }));
    const y = op(tensors);
    const loss = sum(mul(y, input("weights", { shape: y.shape })));
    const grads = gradients(loss, tensors);
    return { outputs: { y, ...Object.fromEntries(grads.map((g, i) => [`g${i}`, g])) } };
  }, { name });
  const bound = Object.fromEntries(inputs.map(({ data, dtype }, i) => [
    `x${i}`,
    dtype === "u32" ? Uint32Array.from(data) : Float32Array.from(data),
  ]));
  program.run({ ...bound, weights });
  const [y, ...grads] = await program.read("y", ...inputs.map((_, i) => `g${i}`));
  const error = relativeError(y!, want);
  assert.ok(error <= tolerance, `${name}: relative error ${error} of the output exceeds ${tolerance}`);
  inputs.forEach(({ shape, differentiable, dtype }, i) => {
    if (differentiable === false || dtype === "u32") return;
    const expected = centralDifferences({ oracle, inputs, weights, at: i, step, count: sizeOf(shape) });
    const gradientError = relativeError(grads[i]!, expected);
    assert.ok(
      gradientError <= gradientTolerance,
      `${name}: relative error ${gradientError} of the gradient of input ${i} exceeds ${gradientTolerance}`,
    );
  });
}

function centralDifferences(
  options: {
    oracle: (inputs: Float64Array[]) => ArrayLike<number>;
    inputs: readonly Argument[];
    weights: Float32Array;
    at: number;
    step: number;
    count: number;
  },
): Float64Array {
  const { oracle, inputs, weights, at, step, count } = options;
  const arrays = inputs.map(({ data }) => Float64Array.from(data));
  const loss = () => {
    const y = oracle(arrays);
    let total = 0;
    for (let i = 0; i < y.length; i++) total += y[i]! * weights[i]!;
    return total;
  };
  const moved = arrays[at]!;
  return Float64Array.from({ length: count }, (_, i) => {
    const original = moved[i]!;
    moved[i] = original + step;
    const above = loss();
    moved[i] = original - step;
    const below = loss();
    moved[i] = original;
    return (above - below) / (2 * step);
  });
}
