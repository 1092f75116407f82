/**
 * Checksums made to fit again, so that changes get past them to what they protect.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";

/** Recomputes the checksums of a PNG's chunks, as far as their lengths are valid. */
export function repairPng(png: Uint8Array): Uint8Array {
  const bytes = png.slice();
  const view = new DataView(bytes.buffer);
  for (let at = 8; at + 12 <= bytes.length;) {
    const end = at + 8 + view.getUint32(at);
    if (end + 4 > bytes.length) break;
    view.setUint32(end, crc32(bytes.subarray(at + 4, end)));
    at = end + 4;
  }
  return bytes;
}

/** Recomputes the SHA-256 checksum of a checkpoint, if it still has the field. */
export function repairCheckpoint(file: Uint8Array): Uint8Array {
  const bytes = file.slice();
  const found = /"mmvm\.sha256":"([0-9a-f]{64})"/.exec(new TextDecoder("latin1").decode(bytes));
  if (!found) return bytes;
  const at = found.index + found[0].indexOf(found[1]!);
  bytes.set(new TextEncoder().encode("0".repeat(64)), at);
  bytes.set(new TextEncoder().encode(createHash("sha256").update(bytes).digest("hex")), at);
  return bytes;
}

/** Recomputes the checksum of the index of a shard of prepared pixels. */
export function repairIndex(index: Uint8Array): Uint8Array {
  const bytes = index.slice();
  if (bytes.length >= 4) {
    new DataView(bytes.buffer).setUint32(bytes.length - 4, crc32(bytes.subarray(0, -4)), true);
  }
  return bytes;
}
