/**
 * Prepares a picture that a reader chose, with the code that prepares pictures for training.
 *
 * @module
 */
import { ImageDecoder, ImageMemoryError } from "../../data/image/decode_image.ts";
import { parseWindow } from "../../data/image/dicom/voi_window.ts";
import { ImageError } from "../../data/image/image_error.ts";
import { preprocess } from "../../data/image/preprocess.ts";
import type { PageModel } from "../stored/page_model.ts";

/** Larger files are refused unread: no radiograph is this big. */
const MOST_BYTES = 256 * 2 ** 20;
/** Most memory for decoding one picture. */
const MOST_MEMORY = 2 ** 30;

/** A file that cannot be used: one sentence that names it, what was wrong and what is required. */
export class PictureError extends Error {
  override readonly name = "PictureError";
}

/** A picture as the model takes it, and how long that took. */
export interface PreparedPicture {
  /** Bytes, row-major, of the model's image size. */
  readonly pixels: Uint8Array;
  /** Milliseconds of reading and decoding the file. */
  readonly decoding: number;
  /** Milliseconds of cropping, resizing and equalising. */
  readonly preparing: number;
}

/** Prepares pictures. Not for concurrent calls. */
export class PictureOpener {
  readonly #decoder: ImageDecoder;

  constructor(private readonly model: PageModel) {
    this.#decoder = new ImageDecoder({ maxBytes: MOST_MEMORY, window: parseWindow(model.window) ?? { kind: "full" } });
  }

  /**
   * Decodes, crops, resizes and equalises a file as for training.
   *
   * @throws {PictureError} for a file that is no picture, or cannot be read or decoded.
   */
  async open(file: File): Promise<PreparedPicture> {
    const start = performance.now();
    const refuse = (why: string) =>
      new PictureError(`${shorten(file.name)}: ${why}: choose a radiograph as JPEG, PNG, TIFF, BMP or DICOM`);
    if (file.size > MOST_BYTES) throw refuse("the file is larger than 256 MiB");
    let bytes: Uint8Array;
    try {
      bytes = new Uint8Array(await file.arrayBuffer());
    } catch {
      throw refuse("the file cannot be read");
    }
    const { preprocessing, config: { imageSize: size } } = this.model;
    try {
      const decoded = await this.#decoder.decode(bytes);
      const between = performance.now();
      const pixels = preprocess(decoded, { size, preprocessing });
      return { pixels, decoding: between - start, preparing: performance.now() - between };
    } catch (error) {
      if (error instanceof ImageError || error instanceof ImageMemoryError) throw refuse(error.message);
      if (error instanceof RangeError) throw refuse("the picture is too large for this browser's memory");
      throw error;
    }
  }
}

/** A file's name, at most 60 characters. */
function shorten(name: string): string {
  return name.length <= 60 ? name : `${name.slice(0, 40)}…${name.slice(-19)}`;
}
