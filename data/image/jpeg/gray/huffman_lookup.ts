/**
 * Huffman tables as lookup tables that give a code and the number of bits of the value behind it at once.
 *
 * @module
 */

/** Bits looked up first; longer codes are looked up by 16 bits. */
export const SHORT_BITS = 10;
/** Number of entries: one for each value of the first bits, then one for each value of 16 bits. */
export const LOOKUP_LENGTH = 2 ** SHORT_BITS + 2 ** 16;

/**
 * Makes the lookup table of a definition from a DHT segment (16 counts, then the symbols). An entry is 0 if no code
 * begins with these bits (or, in the first part, none that is short enough), and otherwise holds, from the lowest bit:
 * 8 bits for the length of code and value, 8 for the code's, 4 for the value's and 4 for the run of zeros before it.
 *
 * @param options.maxSymbol the largest symbol that the table may have
 * @returns `undefined` for tables that libjpeg refuses: codes that do not fit their length, or larger symbols.
 */
export function readLookup(
  definition: Uint8Array | undefined,
  { maxSymbol }: { maxSymbol: number },
): Uint32Array | undefined {
  if (definition === undefined) return undefined;
  const table = new Uint32Array(LOOKUP_LENGTH);
  const [short, long] = [table.subarray(0, 2 ** SHORT_BITS), table.subarray(2 ** SHORT_BITS)];
  let next = 16;
  let code = 0;
  for (let length = 1; length <= 16; length++) {
    for (let left = definition[length - 1]!; left > 0; left--) {
      const symbol = definition[next++]!;
      if (code >= 2 ** length || symbol > maxSymbol) return undefined;
      const size = symbol & 15;
      const entry = (length + size) | (length << 8) | (size << 16) | ((symbol >> 4) << 20);
      const [part, bits] = length <= SHORT_BITS ? [short, SHORT_BITS] : [long, 16];
      part.fill(entry, code << (bits - length), (code + 1) << (bits - length));
      code++;
    }
    code <<= 1;
  }
  return table;
}
