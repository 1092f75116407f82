/**
 * The error for image files that cannot be decoded.
 *
 * @module
 */
/** Thrown if an image cannot be decoded, with the reason. Only for files that were read completely. */
export class ImageError extends Error {
  override readonly name = "ImageError";
}
