/**
 * PIL's `Image.resize(..., BICUBIC)`, bit for bit on 8-bit gray images: the kernel (a = -0.5) widens with the scale
 * when shrinking, weights are rounded to 22 fractional bits, and the horizontal pass is rounded to bytes before the
 * vertical one.
 *
 * @module
 */
import type { Samples } from "../decoded_image.ts";
import { horizontalPass, PRECISION_BITS, type SquareRegion, type Weights } from "./horizontal_pass.ts";
import { resampleDeep } from "./resample_deep.ts";

const HALF = 1 << (PRECISION_BITS - 1);
/** The bicubic kernel is zero from this distance on. */
const SUPPORT = 2;

/**
 * Resizes a square to `size` x `size` samples of the same depth. `size` must be at least 1.
 *
 * @param region the square, whose corner and side (at least 1) need not be whole numbers for images of bytes
 * @param region.bitsUsed the samples' range, default 8
 */
export function resampleSquare(
  region: Omit<SquareRegion, "pixels"> & { pixels: Samples; bitsUsed?: number },
  size: number,
): Uint8Array | Uint16Array {
  const { side, pixels, bitsUsed = 8 } = region;
  const [left, top] = [Math.floor(region.left), Math.floor(region.top)];
  const isWhole = left === region.left && top === region.top && Number.isInteger(side);
  if (side === size && isWhole) return copySquare(region);
  if (pixels instanceof Uint16Array) {
    return resampleDeep({ ...region, pixels }, { kernel: bicubicWeights(side, size), size, white: 2 ** bitsUsed - 1 });
  }
  const columns = bicubicWeights(side, size, region.left - left);
  const rows = bicubicWeights(side, size, region.top - top);
  // The square's samples, those included of which only a part belongs to it.
  const whole = Math.ceil(side + Math.max(region.left - left, region.top - top));
  const passed = horizontalPass({ ...region, pixels, left, top, side: whole }, columns, size);
  return verticalPass(passed, rows, size);
}

function copySquare(
  { pixels, stride, left, top, side }: Omit<SquareRegion, "pixels"> & { pixels: Samples },
): Uint8Array | Uint16Array {
  const out = new (pixels instanceof Uint16Array ? Uint16Array : Uint8Array)(side * side);
  for (let y = 0; y < side; y++) {
    const start = (top + y) * stride + left;
    out.set(pixels.subarray(start, start + side), y * side);
  }
  return out;
}

/** Keys' cubic convolution kernel with a = -0.5. */
function bicubic(distance: number): number {
  const a = -0.5;
  const x = Math.abs(distance);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

const weightCache = new Map<string, Weights>();

/** PIL's weights for a side of which the first sample begins `offset` (0 to 1) before it. */
function bicubicWeights(side: number, size: number, offset = 0): Weights {
  const key = `${offset}+${side}>${size}`;
  const cached = weightCache.get(key);
  if (cached !== undefined) return cached;
  const scale = side / size;
  const widening = Math.max(scale, 1);
  const support = SUPPORT * widening;
  const width = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(size);
  const length = new Int32Array(size);
  const weights = new Int32Array(size * width);
  for (let i = 0; i < size; i++) {
    const centre = offset + (i + 0.5) * scale;
    const from = Math.max(0, Math.trunc(centre - support + 0.5));
    const to = Math.min(Math.ceil(offset + side), Math.trunc(centre + support + 0.5));
    const exact: number[] = [];
    let sum = 0;
    for (let x = from; x < to; x++) {
      const weight = bicubic((x - centre + 0.5) * (1 / widening));
      exact.push(weight);
      sum += weight;
    }
    first[i] = from;
    length[i] = to - from;
    exact.forEach((weight, k) => {
      const scaled = (sum !== 0 ? weight * (1 / sum) : weight) * (1 << PRECISION_BITS);
      weights[i * width + k] = Math.trunc(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
    });
  }
  const result = { first, length, weights, width };
  if (weightCache.size > 256) weightCache.clear();
  weightCache.set(key, result);
  return result;
}

/** Resamples rows of `size` bytes to `size` rows. Accumulates whole rows, so that memory is read sequentially. */
function verticalPass(rows: Uint8Array, kernel: Weights, size: number): Uint8Array {
  const { first, length, weights, width } = kernel;
  const out = new Uint8Array(size * size);
  const sums = new Int32Array(size);
  for (let i = 0; i < size; i++) {
    sums.fill(HALF);
    for (let k = 0; k < length[i]!; k++) {
      const weight = weights[i * width + k]!;
      const start = (first[i]! + k) * size;
      for (let x = 0; x < size; x++) sums[x] = (sums[x]! + Math.imul(rows[start + x]!, weight)) | 0;
    }
    for (let x = 0; x < size; x++) out[i * size + x] = clampByte(sums[x]! >> PRECISION_BITS);
  }
  return out;
}

function clampByte(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}
