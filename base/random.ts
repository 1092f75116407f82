/**
 * Seeded generators for shuffles and draws on the CPU. Every use has a stream of its own (`"split"`, `"shuffle",
 * epoch`, resample 17, tree 42), so that no draw depends on the order of calls elsewhere or on which worker makes it.
 *
 * There are two, because published results were computed from their draws: {@link SeededRandom} for data and phantoms,
 * whose keys are words and numbers, and {@link FastRandom} for statistics, which start a stream per resample and tree.
 * Numbers that must equal the GPU's are in `philox.ts`.
 *
 * @module
 */

/** A stream of uniform random numbers. */
abstract class RandomStream {
  /** A uniform integer in [0, 2^32). */
  abstract uint32(): number;

  /** A uniform integer in [0, bound). */
  abstract below(bound: number): number;

  /** A uniform number in [0, 1) with 32 random bits. */
  uniform(): number {
    return this.uint32() / 4294967296;
  }

  /** A standard normal number, by the Box-Muller transform of two uniform ones. */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Shuffles in place (Fisher-Yates) and returns the same array. */
  shuffle<T extends Uint32Array | Int32Array | unknown[]>(items: T): T {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const kept = items[i]!;
      items[i] = items[j]!;
      items[j] = kept;
    }
    return items;
  }
}

/** sfc32 (Small Fast Counter, C. Doty-Humphrey), keyed by hashing the given parts. */
export class SeededRandom extends RandomStream {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(...key: readonly (number | string)[]) {
    super();
    const words = hashKey(key);
    this.#a = words[0];
    this.#b = words[1];
    this.#c = words[2];
    for (let i = 0; i < 15; i++) this.uint32();
  }

  override uint32(): number {
    const t = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (this.#c << 21) | (this.#c >>> 11);
    this.#c = (this.#c + t) | 0;
    return t >>> 0;
  }

  /** A uniform integer in [0, bound), unbiased by rejection. `bound` is in [1, 2^32]. */
  override below(bound: number): number {
    const limit = 4294967296 - (4294967296 % bound);
    let value = this.uint32();
    while (value >= limit) value = this.uint32();
    return value % bound;
  }
}

/**
 * Three 32-bit words from a key: FNV-1a over its text with the finaliser of MurmurHash3, under three different bases.
 */
function hashKey(key: readonly (number | string)[]): [number, number, number] {
  const bytes = new TextEncoder().encode(JSON.stringify(key));
  const word = (basis: number): number => {
    let hash = basis;
    for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return hash ^ (hash >>> 16);
  };
  return [word(0x811c9dc5), word(0x6b43a9b5), word(0x2f9be6cc)];
}

/**
 * A stream of random numbers (xoshiro128**, Blackman and Vigna 2018) keyed by integers.
 *
 * Streams with different keys are independent for all practical purposes, so resample 17 or tree 42 draws the same
 * numbers whichever worker makes it.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { FastRandom } from "./random.ts";
 * assert.equal(new FastRandom(7, 42).below(100), new FastRandom(7, 42).below(100));
 * ```
 */
export class FastRandom extends RandomStream {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** @param keys Integers: first the seed, then what the stream is for. Bits above the 53rd are lost. */
  constructor(...keys: number[]) {
    super();
    let hash = 0x9e3779b9;
    for (const key of keys) {
      if (!Number.isSafeInteger(key)) throw new RangeError(`a random stream's key must be an integer, but is ${key}`);
      // Both words of the key, so that seeds beyond 2^32 differ too.
      hash = mix((hash + 0x9e3779b9) ^ mix(key | 0));
      hash = mix((hash + 0x9e3779b9) ^ mix(Math.floor(key / 4294967296) | 0));
    }
    const word = () => mix(hash = (hash + 0x9e3779b9) | 0);
    this.#a = word();
    this.#b = word();
    this.#c = word();
    // The state must not be all zeros.
    this.#d = word() | 1;
  }

  override uint32(): number {
    const scaled = Math.imul(this.#b, 5);
    const result = Math.imul((scaled << 7) | (scaled >>> 25), 9);
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result >>> 0;
  }

  /**
   * A uniform integer in [0, bound). The bias is below bound / 2^32: under 1e-5 for the thousands that are drawn from
   * here.
   */
  override below(bound: number): number {
    return Math.floor(this.uniform() * bound);
  }
}

/** One round of a 32-bit finaliser (Murmur3's), which spreads nearby keys over the whole range. */
function mix(state: number): number {
  let x = state | 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}
