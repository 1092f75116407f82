/**
 * Counter-based random numbers on the host: the same words, and the same uniform numbers, as
 * `shaders/random/` draws on the GPU.
 *
 * Philox4x32-10 turns a counter and a key into four random words. There is no state to save, and draws may happen in
 * any order: number i of a stream at a step depends on (seed, stream, step, part, i) alone.
 *
 * J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw: Parallel random numbers: as easy as 1, 2, 3 (SC 2011).
 *
 * @module
 */

/** The key of a sequence of random numbers. */
export interface RandomKey {
  /** A whole number from 0 to 2^53 - 1. */
  readonly seed: number;
  /** Number of an independent sequence, one per purpose. A whole number from 0 to 2^32 - 1. */
  readonly stream: number;
  /** Step of the run, from 0 to 2^32 - 1; 0 if left out. */
  readonly step?: number;
  /**
   * Part of a batch that is divided among ranks or into micro-batches, from 0 to 2^32 - 1; 0, which is also the number
   * of an undivided batch, if left out.
   */
  readonly part?: number;
}

const MULTIPLIERS = [0xd2511f53, 0xcd9e8d57] as const;
const WEYL = [0x9e3779b9, 0xbb67ae85] as const;
const ROUNDS = 10;

/**
 * One block of Philox4x32-10: four random words.
 *
 * @param counter Four 32-bit words.
 * @param key Two 32-bit words.
 */
export function philox(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = highWord(MULTIPLIERS[0], c0);
    const high1 = highWord(MULTIPLIERS[1], c2);
    const low0 = Math.imul(MULTIPLIERS[0], c0);
    const low1 = Math.imul(MULTIPLIERS[1], c2);
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1 >>> 0;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0 >>> 0;
    k0 = (k0 + WEYL[0]) >>> 0;
    k1 = (k1 + WEYL[1]) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** High word of the 64-bit product of two 32-bit words. */
function highWord(a: number, b: number): number {
  // With b split in halves, each product stays below 2^48 and is exact.
  const low = a * (b & 0xffff);
  const high = a * (b >>> 16);
  return Math.floor((high + Math.floor(low / 0x10000)) / 0x10000);
}

/** The two words of a seed, low word first. */
export function seedWords(seed: number): [number, number] {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new RangeError(`a seed must be a whole number from 0 to 2^53 - 1, got ${seed}`);
  }
  return [seed >>> 0, Math.floor(seed / 2 ** 32)];
}

/** @throws {RangeError} if `value` is not a 32-bit word. */
export function requireWord(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 0 || value >= 2 ** 32) {
    throw new RangeError(`a random ${name} must be a whole number from 0 to 2^32 - 1, got ${value}`);
  }
}

/**
 * The first `count` random words of a sequence.
 *
 * @throws {RangeError} for a seed, stream, step or part out of range.
 */
export function randomWords(count: number, key: RandomKey): Uint32Array<ArrayBuffer> {
  const { stream, step = 0, part = 0 } = key;
  requireWord("stream", stream);
  requireWord("step", step);
  requireWord("part", part);
  const seed = seedWords(key.seed);
  const words = new Uint32Array(count);
  for (let block = 0; block * 4 < count; block++) {
    const four = philox([block, part, stream, step], seed);
    for (let i = 0; i < 4 && block * 4 + i < count; i++) words[block * 4 + i] = four[i]!;
  }
  return words;
}

/** Uniform numbers in [0, 1) with 24 random bits each; equal to the GPU's bit for bit. */
export function randomUniformData(count: number, key: RandomKey): Float32Array<ArrayBuffer> {
  return Float32Array.from(randomWords(count, key), (word) => (word >>> 8) / 2 ** 24);
}

/**
 * Standard normal numbers by the Box-Muller transform; the GPU's differ by its rounding, at most 1e-6.
 *
 * @example Initial values of a layer
 * ```ts
 * import assert from "node:assert/strict";
 * import { randomNormalData } from "./philox.ts";
 * const weights = randomNormalData(100, { seed: 1, stream: 0 }).map((value) => 0.02 * value);
 * assert.equal(weights.length, 100);
 * ```
 */
export function randomNormalData(count: number, key: RandomKey): Float32Array<ArrayBuffer> {
  const words = randomWords(Math.ceil(count / 4) * 4, key);
  return Float32Array.from({ length: count }, (_, i) => {
    const pair = i - i % 2;
    const radius = Math.sqrt(-2 * Math.log(((words[pair]! >>> 8) + 1) / 2 ** 24));
    const angle = 2 * Math.PI * (words[pair + 1]! >>> 8) / 2 ** 24;
    return radius * (i % 2 === 0 ? Math.cos(angle) : Math.sin(angle));
  });
}
