/**
 * Embedded images.
 *
 * @module
 */
import type { Builder } from "./dom.ts";

/** A PNG file in base64, recognised by its signature; no other format is embedded. */
const PNG = /^iVBORw0KGgo[A-Za-z0-9+/]*={0,2}$/;

/** Whether a string is a PNG file in base64 and nothing else. */
export function isPng(base64: string): boolean {
  return PNG.test(base64);
}

/**
 * Creates an embedded image. Separate from the builder, which rejects every address outside the report; this is the
 * only way to create an image, and it accepts only base64 PNG.
 *
 * @param base64 A PNG file.
 * @throws {TypeError} If `base64` is not a PNG file.
 */
export function picture(h: Builder, base64: string, options: { alt: string; size: number }): HTMLImageElement {
  if (!isPng(base64)) throw new TypeError("a picture must be a PNG file in base64; check it with isPng() first");
  const image = h("img", { alt: options.alt, width: options.size, height: options.size });
  image.setAttribute("src", `data:image/png;base64,${base64}`);
  return image;
}
