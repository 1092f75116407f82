/**
 * Writes gray JPEGs from given coefficients, for tests of decoders.
 *
 * @module
 */
import { concatBytes } from "../../../../base/bytes.ts";

export interface Coefficients {
  width: number;
  height: number;
  /** The quantiser in zigzag order. */
  quantiser: readonly number[];
  /** 64 numbers for each block in zigzag order; means are stored as differences. */
  blocks: readonly (readonly number[])[];
  /** Blocks between restart markers. */
  restartInterval?: number;
}

/** Codes of 2 to 7 bits for the first symbols, and of 16 bits for all others: both kinds of lookup are used. */
const SHORT_CODES = 6;

function segment(marker: number, data: readonly number[]): Uint8Array {
  return Uint8Array.of(0xff, marker, (data.length + 2) >> 8, (data.length + 2) & 255, ...data);
}

function huffmanSegment(destination: number, symbols: readonly number[]): Uint8Array {
  const counts = [0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, symbols.length - SHORT_CODES];
  return segment(0xc4, [destination, ...counts, ...symbols]);
}

/** The code of the symbol with this number, as a string of bits. */
function codeOf(number: number): string {
  if (number < SHORT_CODES) return `0${"1".repeat(number)}0`;
  // Continues behind the last short code, 0111110.
  return ((0b0111111 << 9) + number - SHORT_CODES).toString(2).padStart(16, "0");
}

function valueBits(value: number): string {
  const size = sizeOf(value);
  return size === 0 ? "" : (value < 0 ? value + 2 ** size - 1 : value).toString(2).padStart(size, "0");
}

function sizeOf(value: number): number {
  return 32 - Math.clz32(Math.abs(value));
}

const DC_SYMBOLS = [5, 6, 4, 7, 3, 8, 0, 1, 2, 9, 10, 11, 12, 13, 14, 15];
const AC_SYMBOLS = [1, 2, 0, 0x11, 3, 0xf0, ...Array.from({ length: 256 }, (_, i) => i)]
  .filter((symbol, i, all) => all.indexOf(symbol) === i);

/** Writes the file. */
export function writeGrayJpeg({ width, height, quantiser, blocks, restartInterval = 0 }: Coefficients): Uint8Array {
  const isWide = quantiser.some((step) => step > 255);
  const steps = isWide ? quantiser.flatMap((step) => [step >> 8, step & 255]) : quantiser;
  const parts = [
    Uint8Array.of(0xff, 0xd8),
    segment(0xdb, [isWide ? 16 : 0, ...steps]),
    segment(0xc1, [8, height >> 8, height & 255, width >> 8, width & 255, 1, 1, 0x11, 0]),
    huffmanSegment(0, DC_SYMBOLS),
    huffmanSegment(16, AC_SYMBOLS),
    ...(restartInterval > 0 ? [segment(0xdd, [restartInterval >> 8, restartInterval & 255])] : []),
    segment(0xda, [1, 1, 0, 0, 63, 0]),
  ];
  const interval = restartInterval || blocks.length;
  for (let first = 0; first < blocks.length; first += interval) {
    if (first > 0) parts.push(Uint8Array.of(0xff, 0xd0 + (first / interval - 1) % 8));
    parts.push(entropyBytes(blocks.slice(first, first + interval)));
  }
  return concatBytes([...parts, Uint8Array.of(0xff, 0xd9)]);
}

function entropyBytes(blocks: readonly (readonly number[])[]): Uint8Array {
  let bits = "";
  let mean = 0;
  for (const block of blocks) {
    bits += codeOf(DC_SYMBOLS.indexOf(sizeOf(block[0]! - mean))) + valueBits(block[0]! - mean);
    mean = block[0]!;
    bits += blockBits(block);
  }
  bits += "1".repeat((8 - bits.length % 8) % 8);
  const bytes: number[] = [];
  for (let at = 0; at < bits.length; at += 8) {
    const byte = parseInt(bits.slice(at, at + 8), 2);
    bytes.push(...(byte === 255 ? [255, 0] : [byte]));
  }
  return Uint8Array.from(bytes);
}

function blockBits(block: readonly number[]): string {
  let bits = "";
  let run = 0;
  for (let k = 1; k < 64; k++) {
    const value = block[k]!;
    if (value === 0) {
      run++;
      continue;
    }
    for (; run > 15; run -= 16) bits += codeOf(AC_SYMBOLS.indexOf(0xf0));
    bits += codeOf(AC_SYMBOLS.indexOf(run * 16 + sizeOf(value))) + valueBits(value);
    run = 0;
  }
  return run === 0 ? bits : bits + codeOf(AC_SYMBOLS.indexOf(0));
}
