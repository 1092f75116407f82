/**
 * Decodes sequential JPEG with 12 bits (ITU-T T.81, annex F), with the integer transform of libjpeg (jidctint.c).
 *
 * @module
 */
import { ImageError } from "../image_error.ts";
import type { HuffmanScan } from "./huffman_scan.ts";

/** Row-major index of each position in zigzag order. */
// deno-fmt-ignore
const ZIGZAG = Uint8Array.of(
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
  35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47,
  55, 62, 63,
);

/**
 * Decodes a sequential scan of one component with 8 or 12 bits.
 *
 * @returns `width * height` samples
 * @throws {ImageError} for damaged data.
 */
export function decodeSequentialScan(scan: HuffmanScan): Uint16Array {
  const { width, height, precision, quantiser, restartInterval, bits } = scan;
  if (precision !== 8 && precision !== 12) {
    throw new ImageError(`the JPEG data has ${precision} bits a sample; 8 or 12 are required`);
  }
  if (quantiser === undefined) throw new ImageError("the JPEG data has no quantisation table for its scan");
  const out = new Uint16Array(width * height);
  const block = new Int32Array(64);
  let previous = 0;
  let left = restartInterval;
  for (let top = 0; top < height; top += 8) {
    for (let x = 0; x < width; x += 8) {
      if (restartInterval > 0 && left-- === 0) {
        bits.restart();
        left = restartInterval - 1;
        previous = 0;
      }
      previous = readBlock(scan, { block, quantiser, previous });
      inverseTransform(block, precision);
      copyBlock(block, out, { x, top, width, height });
    }
  }
  return out;
}

/** Reads a block's dequantised coefficients and returns its DC coefficient before that. */
function readBlock(
  { dc, ac, bits }: HuffmanScan,
  { block, quantiser, previous }: { block: Int32Array; quantiser: Uint16Array; previous: number },
): number {
  block.fill(0);
  const size = dc.read(bits);
  if (size > 15) throw new ImageError("the JPEG data is truncated or corrupt");
  const mean = previous + bits.signed(size);
  block[0] = mean * quantiser[0]!;
  for (let i = 1; i < 64; i++) {
    const symbol = ac!.read(bits);
    const size = symbol & 15;
    if (size === 0) {
      if (symbol !== 0xf0) break;
      i += 15;
      continue;
    }
    i += symbol >> 4;
    if (i > 63) throw new ImageError("the JPEG data is truncated or corrupt");
    block[ZIGZAG[i]!] = bits.signed(size) * quantiser[i]!;
  }
  return mean;
}

/** Fraction bits of the transform's constants, and of values between the passes. */
const CONST_BITS = 13;

/** The inverse DCT of a block, in place, shifted to unsigned samples and clamped. */
function inverseTransform(block: Int32Array, precision: number): void {
  const between = precision === 8 ? 2 : 1;
  for (let column = 0; column < 8; column++) {
    inverseLine(block, { start: column, stride: 8, shift: CONST_BITS - between });
  }
  const shift = CONST_BITS + between + 3;
  const middle = 1 << (precision - 1);
  for (let row = 0; row < 64; row += 8) {
    inverseLine(block, { start: row, stride: 1, shift });
    for (let i = row; i < row + 8; i++) block[i] = Math.max(0, Math.min(2 * middle - 1, block[i]! + middle));
  }
}

/** One line of the transform of Loeffler, Ligtenberg and Moschytz, with constants of 13 fraction bits. */
function inverseLine(
  data: Int32Array,
  { start, stride, shift }: { start: number; stride: number; shift: number },
): void {
  const at = (i: number) => data[start + i * stride]!;
  const z1 = (at(2) + at(6)) * 4433;
  const even2 = z1 - at(6) * 15137;
  const even3 = z1 + at(2) * 6270;
  const even0 = (at(0) + at(4)) * (1 << CONST_BITS);
  const even1 = (at(0) - at(4)) * (1 << CONST_BITS);
  const evens = [even0 + even3, even1 + even2, even1 - even2, even0 - even3];
  const [a, b, c, d] = [at(7), at(5), at(3), at(1)];
  const z5 = (a + c + b + d) * 9633;
  const z3 = (a + c) * -16069 + z5;
  const z4 = (b + d) * -3196 + z5;
  const adjacent = (a + d) * -7373;
  const inner = (b + c) * -20995;
  const odds = [
    d * 12299 + adjacent + z4,
    c * 25172 + inner + z3,
    b * 16819 + inner + z4,
    a * 2446 + adjacent + z3,
  ];
  const half = 1 << (shift - 1);
  for (let i = 0; i < 4; i++) {
    data[start + i * stride] = (evens[i]! + odds[i]! + half) >> shift;
    data[start + (7 - i) * stride] = (evens[i]! - odds[i]! + half) >> shift;
  }
}

function copyBlock(
  block: Int32Array,
  out: Uint16Array,
  { x, top, width, height }: { x: number; top: number; width: number; height: number },
): void {
  const columns = Math.min(8, width - x);
  for (let row = 0; row < Math.min(8, height - top); row++) {
    const line = (top + row) * width + x;
    for (let column = 0; column < columns; column++) out[line + column] = block[row * 8 + column]!;
  }
}
