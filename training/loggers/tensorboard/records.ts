/**
 * The records of TensorBoard's event files (TFRecord): each has its length and its bytes, both with a checksum.
 *
 * @module
 */

/** Bytes of a record in front of its data: the length (u64) and its checksum. */
const HEAD = 12;
/** Bytes behind the data: their checksum. */
const TAIL = 4;

/** Table of CRC32C (Castagnoli), reflected. */
const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let value = n;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0x82f63b78 ^ (value >>> 1) : value >>> 1;
  return value;
});

/** CRC32C (RFC 3720, B.4). */
export function crc32c(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) value = TABLE[(value ^ byte) & 0xff]! ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

/** The checksum as records hold it: rotated and shifted, because a CRC of bytes with their own CRC is degenerate. */
function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** A record with this data. */
export function encodeRecord(data: Uint8Array): Uint8Array<ArrayBuffer> {
  const record = new Uint8Array(HEAD + data.length + TAIL);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc(record.subarray(0, 8)), true);
  record.set(data, HEAD);
  view.setUint32(HEAD + data.length, maskedCrc(data), true);
  return record;
}

/**
 * The data of each record of a file, up to the first one that is incomplete: a writer may be in the middle of it.
 *
 * @throws {RangeError} naming the byte of the first record whose checksum is wrong.
 */
export function* decodeRecords(file: Uint8Array): Generator<Uint8Array> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let at = 0; at + HEAD <= file.length;) {
    const length = Number(view.getBigUint64(at, true));
    if (view.getUint32(at + 8, true) !== maskedCrc(file.subarray(at, at + 8))) {
      throw new RangeError(`the checksum of the length of the record at byte ${at} is wrong`);
    }
    const end = at + HEAD + length + TAIL;
    if (end > file.length) return;
    const data = file.subarray(at + HEAD, at + HEAD + length);
    if (view.getUint32(at + HEAD + length, true) !== maskedCrc(data)) {
      throw new RangeError(`the checksum of the record at byte ${at} is wrong`);
    }
    yield data;
    at = end;
  }
}
