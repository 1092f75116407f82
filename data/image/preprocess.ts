import type { GrayImage, Preprocessing } from "./image_source.ts";
import { equalize } from "./equalize.ts";
import { resampleSquare } from "./resample.ts";

/** Changed with every change to the pixels that come out, so that caches made before are not used. */
export const PREPROCESSING_VERSION = 1;

/**
 * The protocol's image: centre square crop, PIL's bicubic resize to `size` x `size`, then (for radiographs) histogram equalisation.
 * Returns `size * size` bytes, rows from the top.
 */
export function preprocess(image: GrayImage, options: { size: number; preprocessing: Preprocessing }): Uint8Array {
  const { width, height, pixels } = image;
  const side = Math.min(width, height);
  const left = Math.floor((width - side) / 2);
  const top = Math.floor((height - side) / 2);
  const resized = resampleSquare({ pixels, stride: width, left, top, side }, options.size);
  return options.preprocessing === "radiograph" ? equalize(resized) : resized;
}
