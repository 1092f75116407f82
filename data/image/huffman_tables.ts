import type { HuffmanCodes } from "./baseline_frame.ts";

/** Bits that the fast table is indexed by. */
export const FAST_BITS = 11;
/** Set in entries of the fast table that hold a whole coefficient. */
export const COMPLETE = 128;
/** The run that stands for the end of a block: past any coefficient. */
export const END_OF_BLOCK_RUN = 128;

/** Decoding tables of one Huffman code. */
export interface HuffmanTables {
  /**
   * By the next {@linkcode FAST_BITS} bits: where they hold a code and its extra bits, the coefficient `value << 16 | run << 8 | COMPLETE | bits`;
   * else 0.
   */
  fast: Int32Array;
  /** By the next 16 bits: `length << 8 | symbol`, or 0 where no code fits. */
  full: Uint16Array;
}

/**
 * Builds the tables of canonical codes (ITU-T T.81, annex C). `kind`: symbols of AC codes are `run << 4 | size`, those of DC codes sizes.
 * Returns `undefined` for codes that do not fit into their lengths and for sizes that cannot be.
 */
export function huffmanTables(codes: HuffmanCodes, kind: "dc" | "ac"): HuffmanTables | undefined {
  if (kind === "dc" && codes.symbols.some((size) => size > 15)) return undefined;
  const full = new Uint16Array(1 << 16);
  let next = 0;
  let symbol = 0;
  for (let length = 1; length <= 16; length++) {
    const span = 1 << (16 - length);
    for (let i = 0; i < codes.counts[length - 1]!; i++) {
      if (next + span > full.length) return undefined;
      full.fill((length << 8) | codes.symbols[symbol++]!, next, next + span);
      next += span;
    }
  }
  return { fast: fastTable(full), full };
}

function fastTable(full: Uint16Array): Int32Array {
  const fast = new Int32Array(1 << FAST_BITS);
  for (let bits = 0; bits < fast.length; bits++) {
    const entry = full[bits << (16 - FAST_BITS)]!;
    const length = entry >> 8;
    const size = entry & 15;
    const total = length + size;
    if (length === 0 || total > FAST_BITS) continue;
    const extra = (bits >> (FAST_BITS - total)) & ((1 << size) - 1);
    const value = size > 0 && extra < 1 << (size - 1) ? extra + 1 - (1 << size) : extra;
    const run = (entry & 255) >> 4;
    const ends = size === 0 && run !== 15;
    fast[bits] = (value << 16) | ((ends ? END_OF_BLOCK_RUN : run) << 8) | COMPLETE | total;
  }
  return fast;
}
