/**
 * libjpeg-turbo in the page: the package's loader, with the WebAssembly module of the page's data block instead of a
 * file beside it. The bundler puts this module in the package's place.
 *
 * @module
 */
// @ts-types="../../data/image/jpeg/libjpeg_turbo.d.ts"
import createModule from "@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs";
import { BLOCKS } from "../stored/page_model.ts";
import { unzippedBlock } from "./blocks.ts";

/** Loads the module. */
const create: typeof createModule = async (options) => {
  const given = { ...options, wasmBinary: await unzippedBlock(BLOCKS.jpeg) };
  return await createModule(given as typeof options);
};
export default create;
