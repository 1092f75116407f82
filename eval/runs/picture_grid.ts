/**
 * Pictures side by side in one PNG.
 *
 * @module
 */
import { encodePng } from "./encode_png.ts";

/** Pixels between pictures, which are white. */
const GAP = 2;

/**
 * A gray PNG of pictures in rows.
 *
 * @param rows Rows from the top, each of pictures from the left, `size` x `size` bytes each; rows may be of different lengths.
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

/** A decoder's image as bytes, 0 and below black, 1 and above white. */
export function toBytes(image: ArrayLike<number>): Uint8Array {
  return Uint8Array.from(image, (value) => Math.min(255, Math.max(0, Math.round(value * 255))));
}
