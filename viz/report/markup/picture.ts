import type { Builder } from "./dom.ts";

/** The start of every PNG file in base64; nothing else is embedded. */
const PNG = /^iVBORw0KGgo[A-Za-z0-9+/]*={0,2}$/;

/** Whether a text is a PNG file in base64, and nothing beside it. */
export function isPng(base64: string): boolean {
  return PNG.test(base64);
}

/**
 * An embedded picture. It stands apart from the builder, which lets no address but those in the report pass, so that a picture can
 * come from nowhere else.
 *
 * @param base64 A PNG file.
 * @throws {TypeError} If it is not one.
 */
export function picture(h: Builder, base64: string, options: { alt: string; size: number }): HTMLImageElement {
  if (!isPng(base64)) throw new TypeError("A picture must be a PNG file in base64; check it by isPng() first.");
  const image = h("img", { alt: options.alt, width: options.size, height: options.size });
  image.setAttribute("src", `data:image/png;base64,${base64}`);
  return image;
}
