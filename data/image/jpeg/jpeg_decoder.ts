/**
 * Decodes JPEG files: gray ones with kernels of our own, all others with libjpeg-turbo compiled to WebAssembly.
 *
 * @module
 */
// @ts-types="./libjpeg_turbo.d.ts"
import createModule from "@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs";
import { WasmCodec } from "../codecs/wasm_codec.ts";
import type { DecodedImage } from "../decoded_image.ts";
import { ImageError } from "../image_error.ts";
import { grayFromColour } from "../samples/gray.ts";
import { GrayJpegDecoder } from "./gray/gray_jpeg_decoder.ts";
import type { Reduction } from "./gray/transform_kernel.ts";
import { repairedJpegs } from "./repair_jpeg.ts";

/** Decodes JPEGs exactly as PIL does. libjpeg-turbo's WebAssembly is loaded when first needed. */
export class JpegDecoder {
  readonly #gray = new GrayJpegDecoder();
  readonly #codec = new WasmCodec(createModule, (module) => new module.JPEGDecoder());

  /**
   * Decodes an 8-bit JPEG of one or three components to gray, as stored: EXIF orientation is not applied, as in Pillow.
   * The samples may be a view of WebAssembly memory, valid until the next call. The caller must have checked the
   * header.
   *
   * Files with harmless marker defects are accepted; damaged pixel data are rejected.
   *
   * @param reduction how many times smaller along each axis the image may be decoded; only gray sequential files are
   * @throws {ImageError} for truncated or corrupt data.
   */
  async decode(bytes: Uint8Array, reduction: Reduction = 1): Promise<DecodedImage> {
    const gray = this.#gray.decode(bytes, reduction);
    if (gray !== undefined) return gray;
    const image = await this.#tryDecode(bytes);
    if (image !== undefined) return image;
    for (const repaired of repairedJpegs(bytes)) {
      const image = await this.#tryDecode(repaired);
      if (image !== undefined) return image;
    }
    throw new ImageError("the JPEG data is truncated or corrupt");
  }

  async #tryDecode(bytes: Uint8Array): Promise<DecodedImage | undefined> {
    const decoded = await this.#codec.decode(bytes);
    if (decoded === undefined) return undefined;
    const { info: { width, height, componentCount }, samples } = decoded;
    if (samples.length < width * height * componentCount || width * height === 0) return undefined;
    if (componentCount === 1) return { width, height, samples, bitsUsed: 8 };
    if (componentCount !== 3) return undefined;
    return { width, height, samples: grayFromColour(samples, { count: width * height, channels: 3 }), bitsUsed: 8 };
  }
}
