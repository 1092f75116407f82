/**
 * Stands for `base/regular_file.ts` in browsers: reads the files that the test's server offers.
 *
 * @module
 */

/** Reads a whole file. */
export async function readRegular(path: string): Promise<Uint8Array> {
  return await Deno.readFile(path);
}
