/**
 * Reads and verifies one member of a zip archive.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import { readExactly } from "../../base/atomic_file.ts";
import { DataError } from "../../base/errors.ts";
import { ImageError } from "../image/image_error.ts";
import { inflateMember } from "./inflate.ts";
import type { ImageLocation } from "../image/image_source.ts";

const LOCAL = 0x04034b50;
const LOCAL_BYTES = 30;

/**
 * Reads one member of a zip archive. At most its declared size, which must not exceed `maxBytes`, is decompressed, so a
 * zip bomb with a forged size is rejected.
 *
 * @throws {DataError} if the archive has been truncated since its directory was read.
 * @throws {ImageError} for compression methods other than deflate, encryption, a size over the limit, and data that are
 * truncated, do not inflate, or do not match the declared size and checksum.
 */
export function readZipMember(
  archive: Deno.FsFile,
  member: Extract<ImageLocation, { kind: "zip" }>,
  options: { maxBytes: number },
): Uint8Array {
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
  if (!readExactly(archive, header, member.offset)) throw cutOff(archive, member);
  const view = new DataView(header.buffer);
  if (view.getUint32(0, true) !== LOCAL) throw new ImageError("the zip member's header is damaged");
  const start = member.offset + LOCAL_BYTES + view.getUint16(26, true) + view.getUint16(28, true);
  const compressed = new Uint8Array(compressedSize);
  if (!readExactly(archive, compressed, start)) throw cutOff(archive, member);
  const content = method === 0 ? compressed : inflateMember(compressed, { size });
  if (content === "too long") throw new ImageError("the zip member inflates to more than the directory says");
  if (content === "damaged") throw new ImageError("the zip member's data are damaged");
  if (content === "too short" || content.length !== size) {
    throw new ImageError("the zip member does not have the size that the directory says");
  }
  if (crc32(content) !== member.crc32) throw new ImageError("the zip member's checksum does not match");
  return content;
}

/** If the archive has been truncated since its directory was read, the image itself is not at fault. */
function cutOff(archive: Deno.FsFile, member: Extract<ImageLocation, { kind: "zip" }>): DataError | ImageError {
  if (archive.statSync().size >= member.offset + member.compressedSize) {
    return new ImageError("the zip member is cut off");
  }
  return new DataError("the zip archive became shorter since its directory was read", { file: member.archive });
}
