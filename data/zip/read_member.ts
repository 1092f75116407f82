import { crc32 } from "node:zlib";
import { readExactly } from "../../base/atomic_file.ts";
import { ImageError } from "../image/image_error.ts";
import type { ImageLocation } from "../image/image_source.ts";

const LOCAL = 0x04034b50;
const LOCAL_BYTES = 30;

/**
 * The content of one member of a zip archive. Never more than its declared size, which must be at most `maxBytes`, is
 * decompressed: an archive that promises little and holds much is refused.
 *
 * @throws {ImageError} for other compression than deflate, encryption, a size over the limit, data that are cut off, do not inflate or do
 * not have the declared size and checksum.
 */
export async function readZipMember(
  archive: Deno.FsFile,
  member: Extract<ImageLocation, { kind: "zip" }>,
  options: { maxBytes: number },
): Promise<Uint8Array> {
  const { size, compressedSize, method } = member;
  if (member.encrypted) throw new ImageError("the zip member is encrypted");
  if (method !== 0 && method !== 8) {
    throw new ImageError(`the zip member is compressed by method ${method}; 0 or 8 is required`);
  }
  if (size > options.maxBytes || compressedSize > options.maxBytes) {
    throw new ImageError(
      `the zip member has ${Math.max(size, compressedSize)} bytes, over the limit of ${options.maxBytes}`,
    );
  }
  const header = new Uint8Array(LOCAL_BYTES);
  if (!readExactly(archive, header, member.offset)) throw new ImageError("the zip member is cut off");
  const view = new DataView(header.buffer);
  if (view.getUint32(0, true) !== LOCAL) throw new ImageError("the zip member's header is damaged");
  const start = member.offset + LOCAL_BYTES + view.getUint16(26, true) + view.getUint16(28, true);
  const compressed = new Uint8Array(compressedSize);
  if (!readExactly(archive, compressed, start)) throw new ImageError("the zip member is cut off");
  const content = method === 0 ? compressed : await inflate(compressed, size);
  if (content.length !== size) throw new ImageError("the zip member has not the size that the directory says");
  if (crc32(content) !== member.crc32) throw new ImageError("the zip member's checksum does not match");
  return content;
}

/** Inflates to at most `size` bytes. */
async function inflate(compressed: Uint8Array<ArrayBuffer>, size: number): Promise<Uint8Array> {
  const content = new Uint8Array(size);
  let length = 0;
  const stream = new Blob([compressed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  try {
    for await (const chunk of stream) {
      if (length + chunk.length > size) throw new ImageError("the zip member inflates to more than the directory says");
      content.set(chunk, length);
      length += chunk.length;
    }
  } catch (error) {
    if (error instanceof ImageError) throw error;
    throw new ImageError("the zip member's data are damaged");
  }
  return content.subarray(0, length);
}
