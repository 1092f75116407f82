/**
 * What products of float16 may be off by; see `runtime/kernels/matmul/half_products.ts`.
 *
 * @module
 */
import assert from "node:assert/strict";
import { HALF_TERMS } from "../../runtime/kernels/matmul/half_products.ts";

const HALF = 2 ** -11;
const SINGLE = 2 ** -24;
/** Half the distance between float16's numbers below 2^-14. */
const SUBNORMAL = 2 ** -25;

/**
 * Asserts that each sum of products is as near to the exact one as its roundings allow.
 *
 * @param options.magnitudes The sums of the terms' magnitudes.
 * @param options.depth Terms of each sum.
 * @param options.largest The largest magnitude of an operand.
 */
export function assertHalfProducts(
  got: Float32Array,
  want: ArrayLike<number>,
  options: { magnitudes: ArrayLike<number>; depth: number; largest: number; label: string },
): void {
  const { magnitudes, depth, largest, label } = options;
  assert.equal(got.length, want.length, label);
  const relative = (1 + HALF) ** (HALF_TERMS + 2) - 1 + (depth + 8) * SINGLE;
  const absolute = 2 * depth * SUBNORMAL * (1 + largest);
  got.forEach((value, i) => {
    const most = relative * magnitudes[i]! + absolute;
    assert.ok(Math.abs(value - want[i]!) <= most, `${label}: ${value} for ${want[i]} at ${i}, at most ${most} off`);
  });
}

/** Small integers, whose products and sums of {@linkcode HALF_TERMS} of them float16 holds exactly. */
export function smallIntegers(count: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => (state = Math.imul(state, 1664525) + 1013904223 >>> 0) % 7 - 3);
}
