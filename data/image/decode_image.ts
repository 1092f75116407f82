import { readBmp } from "./bmp/read_bmp.ts";
import type { DecodedImage } from "./decoded_image.ts";
import { ImageError } from "./image_error.ts";
import { type ImageFormat, readImageHeader } from "./image_header.ts";
import { JpegDecoder } from "./jpeg/jpeg_decoder.ts";
import { readPng } from "./png/read_png.ts";
import { readTiff } from "./tiff/read_tiff.ts";

/** Images with more pixels are refused before decoding; MIMIC-CXR's largest have about 16 million. */
export const MAX_PIXELS = 64_000_000;

/** File name endings by format. */
const ENDINGS: Readonly<Record<ImageFormat, readonly string[]>> = {
  jpeg: ["jpg", "jpeg", "jpe", "jfif"],
  png: ["png"],
  gif: ["gif"],
  bmp: ["bmp", "dib"],
  tiff: ["tif", "tiff"],
};

/** Thrown before decoding a picture that would take more memory than it may. */
export class ImageMemoryError extends Error {
  override readonly name = "ImageMemoryError";
  readonly bytes: number;

  constructor(bytes: number) {
    super(`decoding takes ${Math.ceil(bytes / 2 ** 20)} MiB`);
    this.bytes = bytes;
  }
}

/** Decodes image files to gray. Keeps one codec; not for use by two callers at once. */
export class ImageDecoder {
  readonly #jpeg = new JpegDecoder();
  readonly #maxPixels: number;
  readonly #maxBytes: number;

  /** `maxBytes` bounds the memory that one picture takes, its file included; default: without bound. */
  constructor(options: { maxPixels?: number; maxBytes?: number } = {}) {
    this.#maxPixels = options.maxPixels ?? MAX_PIXELS;
    this.#maxBytes = options.maxBytes ?? Infinity;
  }

  /**
   * Decodes a whole file by its content, whatever its name. Colours become gray as in PIL: (19595 R + 38470 G + 7471 B + 32768) >> 16.
   * The samples may be a view of the codec's memory: valid until the next call.
   *
   * @throws {ImageError} saying what is wrong: empty, truncated or corrupt data, a format or kind that is not read, no pixels or more
   * than the limit.
   * @throws {ImageMemoryError} where it would take more memory than allowed.
   */
  async decode(bytes: Uint8Array): Promise<DecodedImage> {
    const { format, width, height, bytesPerPixel } = readImageHeader(bytes);
    if (!(width >= 1 && height >= 1)) throw new ImageError(`the header says ${width} x ${height} pixels`);
    if (width * height > this.#maxPixels) {
      throw new ImageError(`the header says ${width} x ${height} pixels, over the limit of ${this.#maxPixels}`);
    }
    const memory = bytes.length * (format === "jpeg" ? 3 : 2) + width * height * bytesPerPixel;
    if (memory > this.#maxBytes) throw new ImageMemoryError(memory);
    const name = format.toUpperCase();
    try {
      if (format === "jpeg") return await this.#jpeg.decode(bytes);
      if (format === "png") return await readPng(bytes);
      if (format === "bmp") return readBmp(bytes);
      return readTiff(bytes, { maxPixels: this.#maxPixels });
    } catch (error) {
      if (error instanceof RangeError && !/allocation/i.test(error.message)) {
        throw new ImageError(`the ${name} data is cut off or damaged`);
      }
      throw error;
    }
  }
}

/** True where a file's name claims another format than its content has. */
export function isMisnamed(name: string, bytes: Uint8Array): boolean {
  const ending = /\.([A-Za-z]+)$/.exec(name)?.[1]?.toLowerCase();
  const claimed = Object.entries(ENDINGS).find(([, endings]) => endings.includes(ending ?? ""))?.[0];
  return claimed !== undefined && claimed !== readImageHeader(bytes).format;
}
