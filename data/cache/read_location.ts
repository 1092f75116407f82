import { ImageError } from "../image/image_header.ts";
import type { ImageLocation } from "../image_source.ts";

/** Files with more bytes are no radiographs: they are refused before they are read. */
export const MAX_FILE_BYTES = 256 * 2 ** 20;

/**
 * The bytes of an image file.
 *
 * @throws {ImageError} for a missing, unreadable or too large file.
 */
export async function readLocation(location: ImageLocation): Promise<Uint8Array> {
  if (location.kind === "zip") throw new ImageError("zip archives are not read");
  try {
    const { size } = await Deno.stat(location.path);
    if (size > MAX_FILE_BYTES) throw new ImageError(`the file has ${size} bytes, over the limit of ${MAX_FILE_BYTES}`);
    return await Deno.readFile(location.path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw new ImageError("the file is missing");
    if (error instanceof Deno.errors.PermissionDenied) {
      throw new ImageError("the file cannot be read: permission denied");
    }
    if (error instanceof Deno.errors.IsADirectory) throw new ImageError("this is a directory, not a file");
    throw error;
  }
}
