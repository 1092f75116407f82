/**
 * Bicubic resize for images of more than 8 bits.
 *
 * @module
 */
import { PRECISION_BITS, type SquareRegion, type Weights } from "./horizontal_pass.ts";

const SCALE = 2 ** PRECISION_BITS;

/**
 * The two passes of PIL's bicubic resize for samples of more than 8 bits: the same weights, sums exact in float64,
 * rounded and clamped to the samples' range after each pass.
 */
export function resampleDeep(
  region: SquareRegion & { pixels: Uint16Array },
  { kernel, size, white }: { kernel: Weights; size: number; white: number },
): Uint16Array {
  const { pixels, stride, left, top, side } = region;
  const { first, length, weights, width } = kernel;
  const rows = new Uint16Array(side * size);
  for (let y = 0; y < side; y++) {
    const start = (top + y) * stride + left;
    for (let i = 0; i < size; i++) {
      let sum = 0;
      const from = start + first[i]!;
      const taps = length[i]!;
      for (let k = 0; k < taps; k++) sum += pixels[from + k]! * weights[i * width + k]!;
      rows[y * size + i] = clamp(sum, white);
    }
  }
  const out = new Uint16Array(size * size);
  const sums = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    sums.fill(0);
    for (let k = 0; k < length[i]!; k++) {
      const weight = weights[i * width + k]!;
      const start = (first[i]! + k) * size;
      for (let x = 0; x < size; x++) sums[x]! += rows[start + x]! * weight;
    }
    for (let x = 0; x < size; x++) out[i * size + x] = clamp(sums[x]!, white);
  }
  return out;
}

function clamp(sum: number, white: number): number {
  const value = Math.floor(sum / SCALE + 0.5);
  return value < 0 ? 0 : value > white ? white : value;
}
