/**
 * Histogram equalisation of 8-bit gray pixels in place, as PIL's `ImageOps.equalize`: the brightest level is left out of the
 * step, levels map through the cumulative count divided by the step, and a picture of one level, or of fewer than 255 pixels below the
 * brightest, stays as it is.
 */
export function equalize(pixels: Uint8Array): Uint8Array {
  const histogram = new Uint32Array(256);
  for (const pixel of pixels) histogram[pixel]!++;
  let levels = 0;
  let brightest = 0;
  histogram.forEach((count, level) => {
    if (count === 0) return;
    levels++;
    brightest = level;
  });
  const step = Math.floor((pixels.length - histogram[brightest]!) / 255);
  if (levels <= 1 || step === 0) return pixels;
  const table = new Uint8ClampedArray(256);
  let count = Math.floor(step / 2);
  for (let level = 0; level < 256; level++) {
    table[level] = Math.floor(count / step);
    count += histogram[level]!;
  }
  for (let i = 0; i < pixels.length; i++) pixels[i] = table[pixels[i]!]!;
  return pixels;
}
