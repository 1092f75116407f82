/**
 * Reads prepared pixels into the buffers of a batch.
 *
 * @module
 */
import type { PreparedPixels } from "../cache/prepared_pixels.ts";

/** The buffers of a batch. */
export interface BatchBuffers {
  /** View-major: `pixels[((view * rows + row) * size + y) * size + x]`. */
  pixels: Uint8Array;
  /** View-major: `present[view * rows + row]` is 1 if the view is present, otherwise 0 (and its pixels are zero). */
  present: Float32Array;
}

/**
 * Reads the images of the given rows of a pair table into a batch. `images` is the table's column (pair-major, -1 if
 * missing); the buffers must hold exactly `rows.length` rows.
 */
export function fillBatch(
  prepared: PreparedPixels,
  options: { images: Int32Array; views: number; rows: Uint32Array; into: BatchBuffers },
): void {
  const { images, views, rows, into } = options;
  const bytes = prepared.bytesPerImage;
  for (let view = 0; view < views; view++) {
    for (let row = 0; row < rows.length; row++) {
      const image = images[rows[row]! * views + view]!;
      const start = (view * rows.length + row) * bytes;
      const slot = into.pixels.subarray(start, start + bytes);
      if (image < 0) slot.fill(0);
      else prepared.read(image, slot);
      into.present[view * rows.length + row] = image < 0 ? 0 : 1;
    }
  }
}
