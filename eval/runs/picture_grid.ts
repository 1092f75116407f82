/**
 * Arranges pictures in a grid in one PNG file.
 *
 * @module
 */
import { encodePng } from "./encode_png.ts";

/** Width of the white gap between pictures in pixels. */
const GAP = 2;

/**
 * Creates a grayscale PNG of pictures in rows.
 *
 * @param rows Rows from top to bottom, each with pictures from left to right of `size` x `size` bytes; rows may differ
 * in length.
 */
export async function pictureGrid(
  rows: readonly (readonly Uint8Array[])[],
  options: { size: number },
): Promise<Uint8Array> {
  const { size } = options;
  const columns = Math.max(1, ...rows.map((row) => row.length));
  const width = columns * (size + GAP) - GAP;
  const height = Math.max(1, rows.length) * (size + GAP) - GAP;
  const pixels = new Uint8Array(width * height).fill(255);
  rows.forEach((row, r) =>
    row.forEach((picture, c) => {
      for (let y = 0; y < size; y++) {
        pixels.set(picture.subarray(y * size, (y + 1) * size), (r * (size + GAP) + y) * width + c * (size + GAP));
      }
    })
  );
  return await encodePng(pixels, { width, height });
}

/** Converts a decoder's image to bytes, clamping to [0, 1]. */
export function toBytes(image: ArrayLike<number>): Uint8Array {
  return Uint8Array.from(image, (value) => Math.min(255, Math.max(0, Math.round(value * 255))));
}
