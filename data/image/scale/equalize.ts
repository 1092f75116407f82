/**
 * Histogram equalisation, bit-exact with PIL for 8-bit images.
 *
 * @module
 */
import type { Samples } from "../decoded_image.ts";

/**
 * Histogram equalisation of gray samples to bytes. For 8-bit images this is PIL's `ImageOps.equalize`: the step
 * excludes the brightest level, and levels map to the cumulative count divided by the step. Deeper images use the same
 * formula over their own levels. An image with a single level, or with fewer than 255 pixels below the brightest, is
 * only scaled to bytes.
 *
 * @param bitsUsed each sample is less than `2 ** bitsUsed`
 */
export function equalize(samples: Samples, bitsUsed: number): Uint8Array {
  const histogram = new Uint32Array(2 ** bitsUsed);
  for (let i = 0; i < samples.length; i++) histogram[samples[i]!]!++;
  let levels = 0;
  let brightest = 0;
  histogram.forEach((count, level) => {
    if (count === 0) return;
    levels++;
    brightest = level;
  });
  const step = Math.floor((samples.length - histogram[brightest]!) / 255);
  if (levels <= 1 || step === 0) return toBytes(samples, bitsUsed);
  const table = new Uint8ClampedArray(histogram.length);
  let count = Math.floor(step / 2);
  for (let level = 0; level < table.length; level++) {
    table[level] = Math.floor(count / step);
    count += histogram[level]!;
  }
  return Uint8Array.from(samples, (sample) => table[sample]!);
}

/** Scales samples to bytes, rounded; bytes stay as they are. */
export function toBytes(samples: Samples, bitsUsed: number): Uint8Array {
  if (bitsUsed === 8) return Uint8Array.from(samples);
  const white = 2 ** bitsUsed - 1;
  return Uint8Array.from(samples, (sample) => Math.floor((sample * 255 + (white >> 1)) / white));
}
