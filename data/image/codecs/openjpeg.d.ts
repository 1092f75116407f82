/**
 * Types for the part of the OpenJPEG WebAssembly module that is used.
 *
 * @module
 */
import type { CreateModule, WasmDecoder, WasmModule } from "./wasm_codec.ts";

declare const createModule: CreateModule<WasmModule & { J2KDecoder: new () => WasmDecoder }>;
export default createModule;
