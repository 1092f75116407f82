/**
 * Types for the part of the WebAssembly encoders that the tests use.
 *
 * @module
 */
export interface WasmEncoder {
  getDecodedBuffer(frame: {
    width: number;
    height: number;
    bitsPerSample: number;
    componentCount: number;
    isSigned: boolean;
    isUsingColorTransform: boolean;
  }): Uint8Array;
  /** JPEG 2000 and HTJ2K only. */
  setQuality?(lossless: boolean, step: number): void;
  /** JPEG-LS only. */
  setNearLossless?(near: number): void;
  setDecompositions?(levels: number): void;
  encode(): void;
  getEncodedBuffer(): Uint8Array;
}

export type CreateEncoder = (options: {
  print: (text: string) => void;
  printErr: (text: string) => void;
}) => Promise<Record<string, new () => WasmEncoder>>;

declare const createModule: CreateEncoder;
export default createModule;
