/**
 * Writes zip archives, valid or deliberately malformed.
 *
 * @module
 */
import { concatBytes } from "../../../base/bytes.ts";
import { crc32, deflateRawSync } from "node:zlib";

/** A member of a test archive; the fields after `content` override the true values. */
export interface ZipMember {
  name: string;
  content: Uint8Array;
  store?: boolean;
  size?: number;
  crc32?: number;
  flags?: number;
  method?: number;
}

/** Writes a zip archive (with 64-bit fields and records if `zip64`), valid or deliberately malformed. */
export function makeZip(
  members: readonly ZipMember[],
  options: { zip64?: boolean; comment?: string } = {},
): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const member of members) {
    const name = new TextEncoder().encode(member.name);
    const data = member.store ? member.content : deflateRawSync(member.content);
    const method = member.method ?? (member.store ? 0 : 8);
    const size = member.size ?? member.content.length;
    const sum = member.crc32 ?? crc32(member.content);
    const common = record([[2, member.flags ?? 0], [2, method], [4, 0], [4, sum]]);
    const narrow = (value: number) => options.zip64 ? 0xffffffff : value;
    const extra = options.zip64
      ? record([[2, 1], [2, 24], [8, size], [8, data.length], [8, offset]])
      : new Uint8Array();
    directory.push(
      record([[4, 0x02014b50], [2, 45], [2, 45]]),
      common,
      record([
        [4, narrow(data.length)],
        [4, narrow(size)],
        [2, name.length],
        [2, extra.length],
        [2, 0],
        [2, 0],
        [2, 0],
        [4, 0],
      ]),
      record([[4, narrow(offset)]]),
      name,
      extra,
    );
    const local = [
      record([[4, 0x04034b50], [2, 45]]),
      common,
      record([[4, data.length], [4, size], [2, name.length], [2, 0]]),
      name,
      data,
    ];
    parts.push(...local);
    offset += local.reduce((sum, part) => sum + part.length, 0);
  }
  const length = directory.reduce((sum, part) => sum + part.length, 0);
  const count = members.length;
  const end64 = options.zip64
    ? [
      record([[4, 0x06064b50], [8, 44], [2, 45], [2, 45], [4, 0], [4, 0], [8, count], [8, count], [8, length], [
        8,
        offset,
      ]]),
      record([[4, 0x07064b50], [4, 0], [8, offset + length], [4, 1]]),
    ]
    : [];
  const comment = new TextEncoder().encode(options.comment ?? "");
  const narrow = (value: number, saturated: number) => options.zip64 ? saturated : value;
  const end = record([
    [4, 0x06054b50],
    [2, 0],
    [2, 0],
    [2, narrow(count, 0xffff)],
    [2, narrow(count, 0xffff)],
    [4, narrow(length, 0xffffffff)],
    [4, narrow(offset, 0xffffffff)],
    [2, comment.length],
  ]);
  return concatBytes([...parts, ...directory, ...end64, end, comment]);
}

function record(fields: readonly (readonly [bytes: 2 | 4 | 8, value: number])[]): Uint8Array {
  const bytes = new Uint8Array(fields.reduce((sum, [width]) => sum + width, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [width, value] of fields) {
    if (width === 2) view.setUint16(at, value, true);
    else if (width === 4) view.setUint32(at, value, true);
    else view.setBigUint64(at, BigInt(value), true);
    at += width;
  }
  return bytes;
}
