/**
 * Draws the views of MNIST pairs: rotation and noise.
 *
 * @module
 */
import type { SeededRandom } from "../../base/random.ts";

/** Side of MNIST's images in pixels. */
export const MNIST_SIZE = 28;

/**
 * Rotates a 28 x 28 image about its centre by `degrees` (counter-clockwise), with bilinear interpolation and zero
 * padding.
 */
export function rotateDigit(pixels: Uint8Array, degrees: number): Uint8Array {
  const radians = degrees * Math.PI / 180;
  const cos = Math.cos(radians);
  const sin = Math.sin(radians);
  const centre = (MNIST_SIZE - 1) / 2;
  const at = (x: number, y: number) =>
    x < 0 || y < 0 || x >= MNIST_SIZE || y >= MNIST_SIZE ? 0 : pixels[y * MNIST_SIZE + x]!;
  const out = new Uint8Array(MNIST_SIZE * MNIST_SIZE);
  for (let y = 0; y < MNIST_SIZE; y++) {
    for (let x = 0; x < MNIST_SIZE; x++) {
      // The y axis points down, so the inverse of a counter-clockwise rotation has these signs.
      const sourceX = centre + cos * (x - centre) - sin * (y - centre);
      const sourceY = centre + sin * (x - centre) + cos * (y - centre);
      const left = Math.floor(sourceX);
      const top = Math.floor(sourceY);
      const u = sourceX - left;
      const v = sourceY - top;
      const value = (1 - v) * ((1 - u) * at(left, top) + u * at(left + 1, top)) +
        v * ((1 - u) * at(left, top + 1) + u * at(left + 1, top + 1));
      out[y * MNIST_SIZE + x] = Math.round(value);
    }
  }
  return out;
}

/** Adds uniform noise in [0, 1] (of the full range) to each pixel, clipped to [0, 1]. */
export function addUniformNoise(pixels: Uint8Array, random: SeededRandom): Uint8Array {
  return Uint8Array.from(pixels, (pixel) => Math.min(255, Math.round(pixel + 255 * random.uniform())));
}
