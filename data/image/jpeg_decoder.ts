// @ts-types="./libjpeg_turbo.d.ts"
import createModule from "@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs";
import type { GrayImage } from "../image_source.ts";
import { grayFromColour } from "./gray.ts";
import { ImageError } from "./image_header.ts";
import type { JpegCodecDecoder, JpegCodecModule } from "./libjpeg_turbo.d.ts";

/** libjpeg-turbo in WebAssembly. Decodes exactly as the native library (and so PIL) does. */
export class JpegDecoder {
  #module: JpegCodecModule;
  #decoder: JpegCodecDecoder;

  private constructor(module: JpegCodecModule) {
    this.#module = module;
    this.#decoder = new module.JPEGDecoder();
  }

  static async create(): Promise<JpegDecoder> {
    return new JpegDecoder(await loadModule());
  }

  /**
   * Decodes a baseline or progressive 8-bit JPEG of one or three components to gray. The pixels of a one-component image are a
   * view of WASM memory, valid until the next call. The caller has checked the header's size.
   *
   * @throws {ImageError} for truncated or corrupt data and other numbers of components.
   */
  async decode(bytes: Uint8Array): Promise<GrayImage> {
    try {
      this.#decoder.getEncodedBuffer(bytes.length).set(bytes);
      this.#decoder.decode();
    } catch (error) {
      await this.#recover(error);
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
  async #recover(error: unknown): Promise<void> {
    if (typeof error === "number") {
      this.#decoder.delete();
    } else {
      this.#module = await loadModule();
    }
    this.#decoder = new this.#module.JPEGDecoder();
  }
}

/** The codec's own messages are dropped: what goes wrong is told by {@linkcode ImageError}. */
function loadModule(): Promise<JpegCodecModule> {
  return createModule({ print: () => {}, printErr: () => {} });
}
