/**
 * Shapes and inputs for the tests of batch normalisation's kernels.
 *
 * @module
 */
import type { Device } from "../../../runtime/device/device.ts";
import type { Profile, Target } from "../../../runtime/kernels/kernel.ts";
import type { Rows } from "../../../runtime/kernels/norm/norm.ts";
import { LARGE_REDUCTION_TOLERANCE, normalData, TOLERANCE } from "../../reference/compare.ts";

/** The layer's epsilon. */
export const EPSILON = 1e-5;
/** Both profiles of kernels. */
export const PROFILES: readonly Profile[] = ["software", "gpu"];
/** Odd, of size one, narrow, wide, and with more rows than one pass takes. */
export const SHAPES: readonly Rows[] = [
  { rows: 1, channels: 1 },
  { rows: 1, channels: 8 },
  { rows: 2, channels: 3 },
  { rows: 5, channels: 7 },
  { rows: 64, channels: 16 },
  { rows: 100, channels: 320 },
  { rows: 999, channels: 24 },
  { rows: 1031, channels: 13 },
  { rows: 7, channels: 1028 },
  { rows: 4099, channels: 40 },
  { rows: 25_000, channels: 8 },
];

/** The device's target with kernels of a profile. */
export function targetFor(device: Device, profile: Profile): Target {
  return { ...device.target, profile };
}

/** Relative tolerance of sums over this many rows. */
export function toleranceFor({ rows }: Rows): number {
  return rows > 10_000 ? LARGE_REDUCTION_TOLERANCE : TOLERANCE;
}

/** The inputs of a layer and of its gradient. */
export interface Problem {
  readonly x: Float32Array;
  readonly dy: Float32Array;
  readonly gamma: Float32Array;
  readonly beta: Float32Array;
  readonly runningMean: Float32Array;
  readonly runningVariance: Float32Array;
}

/**
 * Draws a layer's inputs.
 *
 * @param options Mean and standard deviation of `x`; 0 and 1 by default.
 */
export function problem({ rows, channels }: Rows, options: { mean?: number; deviation?: number } = {}): Problem {
  const channel = (seed: number, mean: number) => normalData(channels, { seed, mean, deviation: 0.3 });
  return {
    x: normalData(rows * channels, { seed: 1, ...options }),
    dy: normalData(rows * channels, { seed: 2, mean: 0.2 }),
    gamma: channel(3, 1),
    beta: channel(4, 0.5),
    runningMean: channel(5, 0),
    runningVariance: channel(6, 2).map(Math.abs),
  };
}
