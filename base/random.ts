/**
 * A small seeded generator for shuffles and draws on the CPU. A stream is keyed by numbers and strings, so that every
 * use (`"split"`, `"shuffle", epoch`, ...) has its own sequence and none depends on the order of calls elsewhere.
 */

/** sfc32 (Small Fast Counter, C. Doty-Humphrey), keyed by hashing the given parts. */
export class SeededRandom {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(...key: readonly (number | string)[]) {
    const words = hashKey(key);
    this.#a = words[0];
    this.#b = words[1];
    this.#c = words[2];
    for (let i = 0; i < 15; i++) this.uint32();
  }

  /** A uniform integer in [0, 2^32). */
  uint32(): number {
    const t = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (this.#c << 21) | (this.#c >>> 11);
    this.#c = (this.#c + t) | 0;
    return t >>> 0;
  }

  /** A uniform number in [0, 1) with 32 random bits. */
  uniform(): number {
    return this.uint32() / 4294967296;
  }

  /** A uniform integer in [0, bound), unbiased by rejection. `bound` is in [1, 2^32]. */
  below(bound: number): number {
    const limit = 4294967296 - (4294967296 % bound);
    let value = this.uint32();
    while (value >= limit) value = this.uint32();
    return value % bound;
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

/** Three 32-bit words from a key: FNV-1a over its text with the finaliser of MurmurHash3, under three different bases. */
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
