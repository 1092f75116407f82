/**
 * Decodes JPEG files with libjpeg-turbo compiled to WebAssembly.
 *
 * @module
 */
// @ts-types="./libjpeg_turbo.d.ts"
import createModule from "@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs";
import type { DecodedImage } from "../decoded_image.ts";
import { ImageError } from "../image_error.ts";
import { grayFromColour } from "../samples/gray.ts";
import type { JpegCodecDecoder, JpegCodecModule } from "./libjpeg_turbo.d.ts";
import { repairedJpegs } from "./repair_jpeg.ts";

/** Decodes JPEGs exactly as PIL does, with libjpeg-turbo in WebAssembly, which is loaded when first needed. */
export class JpegDecoder {
  #codec: Codec | undefined;

  /**
   * Decodes an 8-bit JPEG of one or three components to gray, as stored: EXIF orientation is not applied, as in Pillow.
   * The samples may be a view of WebAssembly memory, valid until the next call. The caller must have checked the
   * header.
   *
   * Files with harmless marker defects are accepted; damaged pixel data are rejected.
   *
   * @throws {ImageError} for truncated or corrupt data.
   */
  async decode(bytes: Uint8Array): Promise<DecodedImage> {
    const image = await this.#tryDecode(bytes);
    if (image !== undefined) return image;
    for (const repaired of repairedJpegs(bytes)) {
      const image = await this.#tryDecode(repaired);
      if (image !== undefined) return image;
    }
    throw new ImageError("the JPEG data is truncated or corrupt");
  }

  async #tryDecode(bytes: Uint8Array): Promise<DecodedImage | undefined> {
    if (this.#codec?.isSpent ?? true) this.#codec = await Codec.load();
    return this.#codec!.decode(bytes);
  }
}

/** Number of bad files after which a codec is replaced: each leaks memory, and eventually valid files would fail. */
const MAX_FAILURES = 20;
/** WebAssembly memory never shrinks: a codec that has grown beyond this many bytes is replaced. */
const MAX_CODEC_BYTES = 2 ** 28;

/** libjpeg-turbo in WebAssembly. */
class Codec {
  readonly #module: JpegCodecModule;
  #decoder: JpegCodecDecoder;
  #failures = 0;

  private constructor(module: JpegCodecModule) {
    this.#module = module;
    this.#decoder = new module.JPEGDecoder();
  }

  /** The codec's own messages are discarded: {@linkcode ImageError} says what went wrong. */
  static async load(): Promise<Codec> {
    return new Codec(await createModule({ print: () => {}, printErr: () => {} }));
  }

  /** True if the codec should be replaced. */
  get isSpent(): boolean {
    return this.#failures >= MAX_FAILURES || this.#module.HEAPU8.byteLength > MAX_CODEC_BYTES;
  }

  /** The image, or `undefined` for data that libjpeg complains about. */
  decode(bytes: Uint8Array): DecodedImage | undefined {
    try {
      this.#decoder.getEncodedBuffer(bytes.length).set(bytes);
      this.#decoder.decode();
    } catch (error) {
      this.#recover(error);
      return undefined;
    }
    const { width, height, componentCount } = this.#decoder.getFrameInfo();
    const decoded = this.#decoder.getDecodedBuffer();
    if (decoded.length < width * height * componentCount || width * height === 0) return undefined;
    if (componentCount === 1) return { width, height, samples: decoded, bitsUsed: 8 };
    if (componentCount === 3) {
      const samples = grayFromColour(decoded, { count: width * height, channels: 3 });
      return { width, height, samples, bitsUsed: 8 };
    }
    return undefined;
  }

  /** The codec throws plain numbers for bad data; any other exception may have corrupted its memory. */
  #recover(error: unknown): void {
    this.#failures = typeof error === "number" ? this.#failures + 1 : MAX_FAILURES;
    if (this.isSpent) return;
    this.#decoder.delete();
    this.#decoder = new this.#module.JPEGDecoder();
  }
}
