// @ts-types="./libjpeg_turbo.d.ts"
import createModule from "@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs";
import type { GrayImage } from "./image_source.ts";
import { grayFromColour } from "./gray.ts";
import { ImageError } from "./image_header.ts";
import type { JpegCodecDecoder, JpegCodecModule } from "./libjpeg_turbo.d.ts";

/** Decodes JPEGs exactly as PIL does, with libjpeg-turbo in WebAssembly, which is loaded when first needed. */
export class JpegDecoder {
  #codec: Codec | undefined;

  /**
   * Decodes an 8-bit JPEG of one or three components to gray. The pixels may be a view of WebAssembly memory, valid until the next call. The
   * caller has checked the header's size.
   *
   * @throws {ImageError} for truncated or corrupt data and other numbers of components.
   */
  async decode(bytes: Uint8Array): Promise<GrayImage> {
    if (this.#codec?.isSpent ?? true) this.#codec = await Codec.load();
    return this.#codec!.decode(bytes);
  }
}

/** Bad files after which a codec is given up: each leaves some of its memory lost, and in the end good files would fail. */
const MAX_FAILURES = 20;

/** libjpeg-turbo in WebAssembly. */
class Codec {
  readonly #module: JpegCodecModule;
  #decoder: JpegCodecDecoder;
  #failures = 0;

  private constructor(module: JpegCodecModule) {
    this.#module = module;
    this.#decoder = new module.JPEGDecoder();
  }

  /** Its own messages are dropped: what goes wrong is told by {@linkcode ImageError}. */
  static async load(): Promise<Codec> {
    return new Codec(await createModule({ print: () => {}, printErr: () => {} }));
  }

  /** True where another codec should take over. */
  get isSpent(): boolean {
    return this.#failures >= MAX_FAILURES;
  }

  decode(bytes: Uint8Array): GrayImage {
    try {
      this.#decoder.getEncodedBuffer(bytes.length).set(bytes);
      this.#decoder.decode();
    } catch (error) {
      this.#recover(error);
      throw new ImageError("the JPEG data is truncated or corrupt");
    }
    const { width, height, componentCount } = this.#decoder.getFrameInfo();
    const decoded = this.#decoder.getDecodedBuffer();
    if (decoded.length < width * height * componentCount || width * height === 0) {
      throw new ImageError("the JPEG data is truncated or corrupt");
    }
    if (componentCount === 1) return { width, height, pixels: decoded };
    if (componentCount === 3) {
      return { width, height, pixels: grayFromColour(decoded, { count: width * height, channels: 3 }) };
    }
    throw new ImageError(`the JPEG file has ${componentCount} components; 1 or 3 are required`);
  }

  /** The codec throws plain numbers for bad data; anything else may have left its memory in disorder. */
  #recover(error: unknown): void {
    this.#failures = typeof error === "number" ? this.#failures + 1 : MAX_FAILURES;
    if (this.isSpent) return;
    this.#decoder.delete();
    this.#decoder = new this.#module.JPEGDecoder();
  }
}
