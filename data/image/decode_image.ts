/**
 * Decodes image files of all supported formats, within limits on pixels and memory.
 *
 * @module
 */
import { readBmp } from "./bmp/read_bmp.ts";
import type { DecodedImage } from "./decoded_image.ts";
import { DicomDecoder } from "./dicom/read_dicom.ts";
import type { VoiWindow } from "./dicom/voi_window.ts";
import { ImageError } from "./image_error.ts";
import { type ImageFormat, readImageHeader } from "./image_header.ts";
import { JpegDecoder } from "./jpeg/jpeg_decoder.ts";
import type { Reduction } from "./jpeg/gray/transform_kernel.ts";
import { readPng } from "./png/read_png.ts";
import { readTiff } from "./tiff/read_tiff.ts";

/** Images with more pixels are rejected before decoding; MIMIC-CXR's largest have about 16 million. */
export const MAX_PIXELS = 64_000_000;

/** File extensions by format. */
const ENDINGS: Readonly<Record<ImageFormat, readonly string[]>> = {
  jpeg: ["jpg", "jpeg", "jpe", "jfif"],
  png: ["png"],
  gif: ["gif"],
  bmp: ["bmp", "dib"],
  tiff: ["tif", "tiff"],
  dicom: ["dcm", "dicom"],
};

/** Thrown, before decoding, if an image would exceed its memory limit. */
export class ImageMemoryError extends Error {
  override readonly name = "ImageMemoryError";
  readonly bytes: number;

  constructor(bytes: number) {
    super(`decoding takes ${Math.ceil(bytes / 2 ** 20)} MiB`);
    this.bytes = bytes;
  }
}

/** Decodes image files to gray. Holds codecs; not safe for concurrent calls. */
export class ImageDecoder {
  readonly #jpeg = new JpegDecoder();
  readonly #dicom: DicomDecoder;
  readonly #maxPixels: number;
  readonly #maxBytes: number;
  readonly #reduceTo: number;

  /**
   * `maxBytes` limits the memory for one image, including its file; default: unlimited. `window` applies to DICOM
   * files; default: the full range. With `reduceTo`, JPEGs may be decoded smaller than they are, by a half, a quarter
   * or an eighth, but with at least that many pixels along the shorter side; default: all at full size.
   */
  constructor(options: { maxPixels?: number; maxBytes?: number; window?: VoiWindow; reduceTo?: number } = {}) {
    this.#dicom = new DicomDecoder(this.#jpeg, options.window ?? { kind: "full" });
    this.#maxPixels = options.maxPixels ?? MAX_PIXELS;
    this.#maxBytes = options.maxBytes ?? Infinity;
    this.#reduceTo = options.reduceTo ?? Infinity;
  }

  /**
   * Decodes a file, detecting the format from its content. Colour is converted to gray as in PIL: (19595 R + 38470 G +
   * 7471 B + 32768) >> 16. The samples may be a view of the codec's memory, valid until the next call.
   *
   * @throws {ImageError} for empty, truncated or corrupt data, an unsupported format, no pixels, or more pixels than
   * the limit.
   * @throws {ImageMemoryError} if decoding would exceed the memory limit.
   */
  async decode(bytes: Uint8Array): Promise<DecodedImage> {
    const { format, width, height, bytesPerPixel } = readImageHeader(bytes);
    if (!(width >= 1 && height >= 1)) throw new ImageError(`the header says ${width} x ${height} pixels`);
    if (width * height > this.#maxPixels) {
      throw new ImageError(`the header says ${width} x ${height} pixels, over the limit of ${this.#maxPixels}`);
    }
    const memory = bytes.length * (format === "jpeg" || format === "dicom" ? 3 : 2) + width * height * bytesPerPixel;
    if (memory > this.#maxBytes) throw new ImageMemoryError(memory);
    const name = format.toUpperCase();
    try {
      if (format === "jpeg") return await this.#jpeg.decode(bytes, this.#reductionOf(Math.min(width, height)));
      if (format === "png") return readPng(bytes);
      if (format === "dicom") return await this.#dicom.decode(bytes);
      if (format === "bmp") return readBmp(bytes);
      return readTiff(bytes, { maxPixels: this.#maxPixels });
    } catch (error) {
      if (error instanceof RangeError && !/allocation/i.test(error.message)) {
        throw new ImageError(`the ${name} data is cut off or damaged`);
      }
      throw error;
    }
  }

  #reductionOf(side: number): Reduction {
    return ([8, 4, 2] as const).find((reduction) => side / reduction >= this.#reduceTo) ?? 1;
  }
}

/** True if the file extension does not match the format of the content. */
export function isMisnamed(name: string, bytes: Uint8Array): boolean {
  const ending = /\.([A-Za-z]+)$/.exec(name)?.[1]?.toLowerCase();
  const claimed = Object.entries(ENDINGS).find(([, endings]) => endings.includes(ending ?? ""))?.[0];
  return claimed !== undefined && claimed !== readImageHeader(bytes).format;
}
