/**
 * How results of the GPU are compared with the oracles.
 *
 * @module
 */
import assert from "node:assert/strict";

/** Tolerance of an op in float32; see tests/golden/FORMAT.md. */
export const TOLERANCE = 2e-5;
/** Tolerance of a reduction over more than 10,000 elements. */
export const LARGE_REDUCTION_TOLERANCE = 1e-4;

/**
 * ||got - want|| / ||want||; where `want` is zero, ||got||; NaN where one is not finite and the other is not the same.
 */
export function relativeError(got: ArrayLike<number>, want: ArrayLike<number>): number {
  assert.equal(got.length, want.length, "lengths differ");
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < want.length; i++) {
    const a = got[i]!;
    const b = want[i]!;
    if (Object.is(a, b)) {
      if (Number.isFinite(b)) norm += b * b;
      continue;
    }
    difference += (a - b) ** 2;
    norm += b * b;
  }
  return Math.sqrt(difference) / (norm > 0 ? Math.sqrt(norm) : 1);
}

/** Asserts that {@link relativeError} is at most `tolerance`. */
export function assertClose(
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  options: { label: string; tolerance?: number },
): void {
  const tolerance = options.tolerance ?? TOLERANCE;
  const error = relativeError(got, want);
  assert.ok(error <= tolerance, `${options.label}: relative error ${error} exceeds ${tolerance}`);
}

/** A seeded stream of uniform numbers in [0, 1) (mulberry32), for test data. */
export function uniformStream(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Seeded normal test data, exactly representable in float32. */
export function normalData(count: number, options: { seed: number; mean?: number; deviation?: number }): Float32Array {
  const { seed, mean = 0, deviation = 1 } = options;
  const next = uniformStream(seed);
  return Float32Array.from({ length: count }, () => {
    const radius = Math.sqrt(-2 * Math.log(1 - next()));
    return mean + deviation * radius * Math.cos(2 * Math.PI * next());
  });
}
