import { crc32 } from "node:zlib";
import { readExactly } from "../../base/atomic_file.ts";
import { DataError } from "../../base/errors.ts";
import { ImageError } from "../image/image_error.ts";
import { inflateTo } from "./inflate.ts";
import type { ImageLocation } from "../image/image_source.ts";

const LOCAL = 0x04034b50;
const LOCAL_BYTES = 30;

/**
 * The content of one member of a zip archive. Never more than its declared size, which must be at most `maxBytes`, is
 * decompressed, so that an archive that declares little and holds much is refused.
 *
 * @throws {DataError} where the archive became shorter meanwhile.
 * @throws {ImageError} for other compression than deflate, encryption, a size over the limit, data that are cut off, do not inflate or do
 * not have the declared size and checksum.
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
  const content = method === 0 ? compressed : inflateTo(compressed, { size, raw: true });
  if (content === "too long") throw new ImageError("the zip member inflates to more than the directory says");
  if (content === "damaged") throw new ImageError("the zip member's data are damaged");
  if (content === "too short" || content.length !== size) {
    throw new ImageError("the zip member does not have the size that the directory says");
  }
  if (crc32(content) !== member.crc32) throw new ImageError("the zip member's checksum does not match");
  return content;
}

/** An archive that has become shorter since its directory was read says nothing about the image. */
function cutOff(archive: Deno.FsFile, member: Extract<ImageLocation, { kind: "zip" }>): DataError | ImageError {
  if (archive.statSync().size >= member.offset + member.compressedSize) {
    return new ImageError("the zip member is cut off");
  }
  return new DataError("the zip archive became shorter since its directory was read", { file: member.archive });
}
