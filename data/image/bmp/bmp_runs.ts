/**
 * Decodes run-length encoded BMP pixels (RLE8 and RLE4).
 *
 * @module
 */
import { ImageError } from "../image_error.ts";

/**
 * Palette indices of a run-length BMP (RLE8, RLE4), one byte per pixel, rows in file order. Skipped pixels have index
 * 0.
 *
 * @throws {ImageError} if the data end too early.
 */
export function readBmpRuns(
  data: Uint8Array,
  options: { width: number; height: number; bits: 4 | 8 },
): Uint8Array {
  const { width, height, bits } = options;
  const indices = new Uint8Array(width * height);
  const limit = indices.length;
  let x = 0;
  let y = 0;
  /** Writes a pixel; pixels beyond the end of the row are dropped. */
  const put = (index: number) => {
    if (x < width && y < height) indices[y * width + x] = index;
    x++;
  };
  for (let at = 0; at + 1 < data.length;) {
    const count = data[at]!;
    const value = data[at + 1]!;
    at += 2;
    if (count > 0) {
      for (let i = 0; i < count; i++) put(bits === 8 ? value : i % 2 === 0 ? value >> 4 : value & 15);
    } else if (value === 0) {
      x = 0;
      y++;
    } else if (value === 1) {
      return indices;
    } else if (value === 2) {
      x += data[at] ?? 0;
      y += data[at + 1] ?? 0;
      at += 2;
    } else {
      const length = bits === 8 ? value : Math.ceil(value / 2);
      if (at + length > data.length) break;
      for (let i = 0; i < value; i++) {
        put(bits === 8 ? data[at + i]! : i % 2 === 0 ? data[at + (i >> 1)]! >> 4 : data[at + (i >> 1)]! & 15);
      }
      at += length + length % 2;
    }
    // Some writers omit the end marker.
    if (y >= height || y * width + x >= limit) return indices;
  }
  throw new ImageError("the BMP data is cut off");
}
