import type { PreparedPixels } from "../cache/prepared_pixels.ts";

/** Where a batch's bytes go. */
export interface BatchBuffers {
  /** View-major: `pixels[((view * rows + row) * size + y) * size + x]`. */
  pixels: Uint8Array;
  /** View-major: `present[view * rows + row]` is 1 where the view is there, else 0 (its pixels are zero). */
  present: Float32Array;
}

/**
 * Reads the images of some rows of a pair table into a batch. `images` is the table's (pair-major, -1 missing); the buffers have room
 * for exactly `rows.length` rows.
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
