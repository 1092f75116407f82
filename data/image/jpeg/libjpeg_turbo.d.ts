/**
 * Types for the part of the libjpeg-turbo WebAssembly module that is used.
 *
 * @module
 */
import type { CreateModule, WasmDecoder, WasmModule } from "../codecs/wasm_codec.ts";

declare const createModule: CreateModule<WasmModule & { JPEGDecoder: new () => WasmDecoder }>;
export default createModule;
