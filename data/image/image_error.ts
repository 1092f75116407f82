/** The reason why an image is not decoded, in words. Thrown only for data that were read whole. */
export class ImageError extends Error {
  override readonly name = "ImageError";
}
