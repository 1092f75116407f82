/**
 * Preprocessing of images for training: crop, resize, histogram equalisation.
 *
 * @module
 */
import type { DecodedImage } from "./decoded_image.ts";
import type { Preprocessing } from "./image_source.ts";
import { equalize, toBytes } from "./scale/equalize.ts";
import { resampleSquare } from "./scale/resample.ts";

/** Changed whenever the resulting pixels change, so that older caches are not used. */
export const PREPROCESSING_VERSION = 2;

/**
 * The protocol's image: centre square crop, PIL's bicubic resize to `size` x `size`, then (for radiographs) histogram
 * equalisation. Images deeper than 8 bits keep their depth through crop and resize and are converted to bytes in the
 * last step. Of an image that was decoded smaller, the same square is cropped, which may begin between two samples.
 * Returns `size * size` bytes, rows from the top.
 */
export function preprocess(image: DecodedImage, options: { size: number; preprocessing: Preprocessing }): Uint8Array {
  const { samples, bitsUsed } = image;
  const { by, width, height } = image.reduced ?? { by: 1, width: image.width, height: image.height };
  const side = Math.min(width, height);
  const left = Math.floor((width - side) / 2) / by;
  const top = Math.floor((height - side) / 2) / by;
  const region = { pixels: samples, stride: image.width, left, top, side: side / by, bitsUsed };
  const resized = resampleSquare(region, options.size);
  return options.preprocessing === "radiograph" ? equalize(resized, bitsUsed) : toBytes(resized, bitsUsed);
}
