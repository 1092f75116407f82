/**
 * Inflates deflated data (RFC 1951) with or without zlib's header and checksum (RFC 1950), in bounded memory.
 *
 * An own implementation, because images are also read in browsers, where the only inflater is asynchronous, delivers
 * all that a piece of input inflates to at once, and drops what it has inflated when it meets damage.
 *
 * @module
 */

/**
 * How inflating ended: at the data's end, because the consumer wanted no more, at an invalid code or checksum, or
 * because the data ended early. The consumer has all bytes before that point.
 */
export type InflateEnd = "complete" | "stopped" | "damaged" | "cut off";

/** Options of {@linkcode inflate}. */
export interface InflateOptions {
  /** Without zlib's header and checksum. */
  readonly raw?: boolean;
  /** Called with each piece of inflated data, valid during the call; `false` stops. */
  readonly sink: (piece: Uint8Array) => boolean;
}

/** Distances reach back this far. */
const WINDOW = 2 ** 15;
/** Most bytes handed to the sink at a time. */
const PIECE = 2 ** 17;
const LONGEST_MATCH = 258;
const END_OF_BLOCK = 256;
/** The order in which the lengths of the code length codes are stored. */
const CODE_LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const LENGTHS = bases([0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5], 3);
const DISTANCES = bases(Array.from({ length: 30 }, (_, i) => Math.max(0, (i >> 1) - 1)), 1);

/** The extra bits of each code, and the first value that it stands for. */
function bases(extra: readonly number[], first: number): { extra: Uint8Array; base: Uint16Array } {
  let next = first;
  const base = Uint16Array.from(extra, (bits) => {
    const value = next;
    next += 1 << bits;
    return value;
  });
  return { extra: Uint8Array.from(extra), base };
}

/** Decodes Huffman codes: entry `bits` of the table is `symbol * 16 + length`, 0 for bits that begin no code. */
interface Codes {
  readonly table: Uint16Array;
  readonly mask: number;
}

let fixed: { literals: Codes; distances: Codes } | undefined;

class Ended extends Error {
  constructor(readonly end: InflateEnd) {
    super(end);
  }
}

/**
 * Inflates data, and hands it to the sink in pieces of at most 128 KiB. Data after the end are ignored.
 *
 * @example
 * ```ts
 * const end = inflate(deflated, { sink: (piece) => (total += piece.length) <= limit });
 * ```
 */
export function inflate(data: Uint8Array, { raw = false, sink }: InflateOptions): InflateEnd {
  const inflater = new Inflater(data, sink);
  try {
    inflater.run(raw);
    return "complete";
  } catch (error) {
    if (error instanceof Ended) return error.end;
    throw error;
  }
}

/**
 * Inflates data of a known size.
 *
 * @param options.size The most bytes that the data may inflate to.
 * @param options.least The fewest; `size` by default.
 * @returns The bytes, or why there are none.
 */
export function inflateTo(
  data: Uint8Array,
  options: { size: number; least?: number; raw?: boolean },
): Uint8Array | "damaged" | "too long" | "too short" {
  const { size, least = size, raw = false } = options;
  const bytes = new Uint8Array(size);
  let filled = 0;
  const end = inflate(data, {
    raw,
    sink: (piece) => {
      if (filled + piece.length > size) return false;
      bytes.set(piece, filled);
      filled += piece.length;
      return true;
    },
  });
  if (end === "stopped") return "too long";
  if (end !== "complete") return "damaged";
  return filled < least ? "too short" : bytes.subarray(0, filled);
}

class Inflater {
  #at = 0;
  /** Bits that were read and not used yet, the next one lowest, and their number. */
  #hold = 0;
  #count = 0;
  /** The last 32 KiB, then what the sink has not got yet. */
  readonly #out = new Uint8Array(WINDOW + PIECE);
  #first = 0;
  #filled = 0;
  /** Bytes that distances can reach. */
  #reach = 0;
  readonly #checksum = { a: 1, b: 0 };

  constructor(private readonly data: Uint8Array, private readonly sink: (piece: Uint8Array) => boolean) {}

  run(raw: boolean): void {
    try {
      if (!raw) this.#header();
      while (!this.#block());
    } catch (error) {
      if (error instanceof Ended && error.end !== "stopped") this.#flush();
      throw error;
    }
    this.#flush();
    if (!raw) this.#verify();
  }

  #header(): void {
    const [method, flags] = [this.#bits(8), this.#bits(8)];
    const isDeflate = (method & 15) === 8 && method >> 4 <= 7;
    if (!isDeflate || (method * 256 + flags) % 31 !== 0 || (flags & 32) !== 0) throw new Ended("damaged");
  }

  #verify(): void {
    this.#hold >>>= this.#count & 7;
    this.#count &= ~7;
    const { a, b } = this.#checksum;
    for (const byte of [b >> 8, b & 255, a >> 8, a & 255]) {
      if (this.#bits(8) !== byte) throw new Ended("damaged");
    }
  }

  /** Inflates one block; true if it is the last. */
  #block(): boolean {
    const isLast = this.#bits(1) === 1;
    const kind = this.#bits(2);
    if (kind === 0) this.#stored();
    else if (kind === 1) this.#coded(fixed ??= fixedCodes());
    else if (kind === 2) this.#coded(this.#dynamicCodes());
    else throw new Ended("damaged");
    return isLast;
  }

  #bits(count: number): number {
    while (this.#count < count) {
      if (this.#at >= this.data.length) throw new Ended("cut off");
      this.#hold |= this.data[this.#at++]! << this.#count;
      this.#count += 8;
    }
    const value = this.#hold & ((1 << count) - 1);
    this.#hold >>>= count;
    this.#count -= count;
    return value;
  }

  #stored(): void {
    this.#hold >>>= this.#count & 7;
    this.#count &= ~7;
    const length = this.#bits(16);
    if (this.#bits(16) !== (length ^ 0xffff)) throw new Ended("damaged");
    // Whole bytes that were read ahead are read again.
    this.#at -= this.#count >> 3;
    [this.#hold, this.#count] = [0, 0];
    for (let left = length; left > 0;) {
      const room = this.#out.length - this.#filled;
      const taken = Math.min(left, room, this.data.length - this.#at);
      if (taken === 0) {
        if (room > 0) throw new Ended("cut off");
        this.#flush();
        continue;
      }
      this.#out.set(this.data.subarray(this.#at, this.#at + taken), this.#filled);
      this.#at += taken;
      this.#filled += taken;
      left -= taken;
    }
  }

  #dynamicCodes(): { literals: Codes; distances: Codes } {
    const literals = this.#bits(5) + 257;
    const distances = this.#bits(5) + 1;
    const count = this.#bits(4) + 4;
    if (literals > 286 || distances > 30) throw new Ended("damaged");
    const own = new Uint8Array(19);
    for (let i = 0; i < count; i++) own[CODE_LENGTH_ORDER[i]!] = this.#bits(3);
    const codes = buildCodes(own, { incomplete: false });
    const lengths = new Uint8Array(literals + distances);
    for (let i = 0; i < lengths.length;) {
      const symbol = this.#symbol(codes);
      if (symbol < 16) {
        lengths[i++] = symbol;
        continue;
      }
      if (symbol === 16 && i === 0) throw new Ended("damaged");
      const value = symbol === 16 ? lengths[i - 1]! : 0;
      const times = symbol === 16 ? 3 + this.#bits(2) : symbol === 17 ? 3 + this.#bits(3) : 11 + this.#bits(7);
      if (i + times > lengths.length) throw new Ended("damaged");
      lengths.fill(value, i, i + times);
      i += times;
    }
    if (lengths[END_OF_BLOCK] === 0) throw new Ended("damaged");
    return {
      literals: buildCodes(lengths.subarray(0, literals), { incomplete: true }),
      distances: buildCodes(lengths.subarray(literals), { incomplete: true }),
    };
  }

  #symbol({ table, mask }: Codes): number {
    while (this.#count < 15 && this.#at < this.data.length) {
      this.#hold |= this.data[this.#at++]! << this.#count;
      this.#count += 8;
    }
    const entry = table[this.#hold & mask]!;
    const length = entry & 15;
    // Missing bits count as zeros, so a code that needs them is cut off.
    if (length === 0) throw new Ended(this.#count < 15 ? "cut off" : "damaged");
    if (length > this.#count) throw new Ended("cut off");
    this.#hold >>>= length;
    this.#count -= length;
    return entry >> 4;
  }

  /**
   * Inflates a block of Huffman codes. Works on local copies of the state, which make it about three times as fast; the
   * start of a match and every fault are left to {@linkcode #symbol} and {@linkcode #match}.
   */
  #coded({ literals, distances }: { literals: Codes; distances: Codes }): void {
    const { table, mask } = literals;
    const { data } = this;
    const out = this.#out;
    const most = out.length - LONGEST_MATCH;
    for (;;) {
      let at = this.#at;
      let hold = this.#hold;
      let count = this.#count;
      let filled = this.#filled;
      while (filled < most) {
        if (count < 15) {
          while (count < 23 && at < data.length) {
            hold |= data[at++]! << count;
            count += 8;
          }
        }
        const entry = table[hold & mask]!;
        const length = entry & 15;
        if (entry >= END_OF_BLOCK << 4 || length === 0 || length > count) break;
        hold >>>= length;
        count -= length;
        out[filled++] = entry >> 4;
      }
      this.#at = at;
      this.#hold = hold;
      this.#count = count;
      this.#filled = filled;
      if (filled >= most) {
        this.#flush();
        continue;
      }
      const symbol = this.#symbol(literals);
      if (symbol === END_OF_BLOCK) return;
      this.#match(symbol - END_OF_BLOCK - 1, distances);
    }
  }

  /** Repeats earlier bytes. */
  #match(code: number, distances: Codes): void {
    // Code 28 stands for the longest match.
    if (code > 28) throw new Ended("damaged");
    const length = code === 28 ? LONGEST_MATCH : LENGTHS.base[code]! + this.#bits(LENGTHS.extra[code]!);
    const symbol = this.#symbol(distances);
    if (symbol > 29) throw new Ended("damaged");
    const distance = DISTANCES.base[symbol]! + this.#bits(DISTANCES.extra[symbol]!);
    if (distance > this.#reach + this.#filled - this.#first) throw new Ended("damaged");
    const out = this.#out;
    let to = this.#filled;
    for (const end = to + length; to < end; to++) out[to] = out[to - distance]!;
    this.#filled = to;
  }

  /** Hands over what is new, and keeps the last 32 KiB. */
  #flush(): void {
    const piece = this.#out.subarray(this.#first, this.#filled);
    if (piece.length === 0) return;
    updateAdler(this.#checksum, piece);
    const goesOn = this.sink(piece);
    this.#reach = Math.min(WINDOW, this.#reach + piece.length);
    this.#out.copyWithin(0, this.#filled - this.#reach, this.#filled);
    this.#first = this.#filled = this.#reach;
    if (!goesOn) throw new Ended("stopped");
  }
}

/** Adler-32; sums of 2,000 bytes stay below 2^30. */
function updateAdler(sums: { a: number; b: number }, bytes: Uint8Array): void {
  let { a, b } = sums;
  for (let i = 0; i < bytes.length;) {
    for (const end = Math.min(bytes.length, i + 2000); i < end; i++) {
      a += bytes[i]!;
      b += a;
    }
    a %= 65521;
    b %= 65521;
  }
  [sums.a, sums.b] = [a, b];
}

function fixedCodes(): { literals: Codes; distances: Codes } {
  const lengths = Uint8Array.from({ length: 288 }, (_, i) => i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8);
  return {
    literals: buildCodes(lengths, { incomplete: false }),
    distances: buildCodes(new Uint8Array(32).fill(5), { incomplete: false }),
  };
}

/**
 * The table of a canonical code.
 *
 * @param options.incomplete Whether, as zlib has it, there may be no code at all, or a single one of one bit.
 */
function buildCodes(lengths: Uint8Array, { incomplete }: { incomplete: boolean }): Codes {
  const counts = new Uint16Array(16);
  for (const length of lengths) counts[length]!++;
  counts[0] = 0;
  const longest = counts.findLastIndex((count) => count > 0);
  let left = 1;
  const next = new Uint16Array(17);
  for (let length = 1; length < 16; length++) {
    left = left * 2 - counts[length]!;
    if (left < 0) throw new Ended("damaged");
    next[length + 1] = (next[length]! + counts[length]!) << 1;
  }
  if (left > 0 && !(incomplete && longest <= 1)) throw new Ended("damaged");
  const size = 1 << Math.max(1, longest);
  const table = new Uint16Array(size);
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const length = lengths[symbol]!;
    if (length === 0) continue;
    const code = next[length]!++;
    let reversed = 0;
    for (let bit = 0; bit < length; bit++) reversed |= ((code >> bit) & 1) << (length - 1 - bit);
    for (let i = reversed; i < size; i += 1 << length) table[i] = symbol << 4 | length;
  }
  return { table, mask: size - 1 };
}
