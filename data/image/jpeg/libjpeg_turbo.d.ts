/**
 * Types for the part of the libjpeg-turbo WebAssembly module that is used.
 *
 * @module
 */
/** The part of the libjpeg-turbo WASM module that is used. */
export interface JpegCodecDecoder {
  /** Room in WASM memory for the file's bytes; valid until the next call. */
  getEncodedBuffer(length: number): Uint8Array;
  /** Decodes what was put there. Throws a number on bad data. */
  decode(): void;
  getFrameInfo(): { width: number; height: number; bitsPerSample: number; componentCount: number };
  /** A view of WASM memory, interleaved components; valid until the next call. */
  getDecodedBuffer(): Uint8ClampedArray;
  delete(): void;
}

export interface JpegCodecModule {
  JPEGDecoder: new () => JpegCodecDecoder;
  /** All of the module's memory; replaced when it grows. */
  readonly HEAPU8: Uint8Array;
}

export default function createModule(options?: {
  print?: (text: string) => void;
  printErr?: (text: string) => void;
}): Promise<JpegCodecModule>;
