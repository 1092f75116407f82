import type { GrayImage } from "./image_source.ts";
import { grayFromColour } from "./gray.ts";
import { ImageError, type ImageFormat, type ImageHeader, readImageHeader } from "./image_header.ts";
import { JpegDecoder } from "./jpeg_decoder.ts";
import { type OtherFormat, requireWholeFile } from "./whole_file.ts";

/** Images with more pixels are refused before decoding; MIMIC-CXR's largest have about 16 million. */
export const MAX_PIXELS = 64_000_000;

/** File name endings by format; a file named otherwise is not what it says. */
const ENDINGS: Readonly<Record<ImageFormat, readonly string[]>> = {
  jpeg: ["jpg", "jpeg", "jpe"],
  png: ["png"],
  gif: ["gif"],
  bmp: ["bmp"],
  tiff: ["tif", "tiff"],
};

/** Decodes image files to 8-bit gray. Keeps one codec; not for use by two callers at once. */
export class ImageDecoder {
  readonly #jpeg = new JpegDecoder();
  readonly #maxPixels: number;

  constructor(options: { maxPixels?: number } = {}) {
    this.#maxPixels = options.maxPixels ?? MAX_PIXELS;
  }

  /**
   * Decodes a whole file. Colours become gray as in PIL: (19595 R + 38470 G + 7471 B + 32768) >> 16. The pixels may be a view of
   * the codec's memory: valid until the next call.
   *
   * @throws {ImageError} saying what is wrong: empty, truncated or corrupt data, an unknown format, a name that tells another
   * format, no pixels or more than the limit, another number of channels than 1, 3 or 4.
   */
  async decode(bytes: Uint8Array, name: string): Promise<GrayImage> {
    const header = readImageHeader(bytes);
    const ending = /\.([A-Za-z]+)$/.exec(name)?.[1]?.toLowerCase();
    if (ending !== undefined && !ENDINGS[header.format].includes(ending)) {
      throw new ImageError(`the file is named .${ending} but holds a ${header.format.toUpperCase()} image`);
    }
    const { width, height } = header;
    if (width === 0 || height === 0) throw new ImageError(`the header says ${width} x ${height} pixels`);
    if (width * height > this.#maxPixels) {
      throw new ImageError(`the header says ${width} x ${height} pixels, over the limit of ${this.#maxPixels}`);
    }
    const { format } = header;
    if (format === "gif") throw new ImageError("GIF images are not read; JPEG, PNG, BMP or TIFF is required");
    return format === "jpeg" ? await this.#jpeg.decode(bytes) : await decodeOther(bytes, { ...header, format });
  }
}

/** PNG, BMP and TIFF through image-decode, which returns RGBA. */
async function decodeOther(
  bytes: Uint8Array,
  header: ImageHeader & { format: OtherFormat },
): Promise<GrayImage> {
  requireWholeFile(bytes, header.format);
  const { default: decode } = await import("./image_decode.ts");
  let image: { data: ArrayLike<number>; width: number; height: number } | null | undefined;
  try {
    image = decode(bytes);
  } catch (error) {
    throw new ImageError(
      `the ${header.format.toUpperCase()} data is damaged (${error instanceof Error ? error.message : error})`,
    );
  }
  if (!image || image.data.length < image.width * image.height * 4 || image.width * image.height === 0) {
    throw new ImageError(`the ${header.format.toUpperCase()} data is damaged`);
  }
  if (image.width !== header.width || image.height !== header.height) {
    throw new ImageError(`the ${header.format.toUpperCase()} data is not of the size that its header says`);
  }
  return {
    width: image.width,
    height: image.height,
    pixels: grayFromColour(image.data, { count: image.width * image.height, channels: 4 }),
  };
}
