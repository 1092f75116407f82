/**
 * Unpacks samples of 1 to 32 bits from bytes.
 *
 * @module
 */
/** How samples are packed in bytes. */
export interface SamplePacking {
  /** Bits per sample: 1 to 16, or 32. */
  bits: number;
  /** Byte order of 16- and 32-bit samples; samples of other depths are packed from the highest bit on. */
  littleEndian: boolean;
}

/** Unpacks `out.length` samples that begin at byte `start`. Missing bytes count as zero. */
export function unpackSamples(bytes: Uint8Array, start: number, options: SamplePacking & { out: Uint32Array }): void {
  const { bits, littleEndian, out } = options;
  const count = out.length;
  if (bits === 8) {
    for (let i = 0; i < count; i++) out[i] = bytes[start + i]!;
  } else if (bits === 16) {
    const [high, low] = littleEndian ? [1, 0] : [0, 1];
    for (let i = 0, at = start; i < count; i++, at += 2) out[i] = (bytes[at + high]! << 8) | bytes[at + low]!;
  } else if (bits === 32) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let i = 0; i < count; i++) out[i] = view.getUint32(start + 4 * i, littleEndian);
  } else {
    const mask = (1 << bits) - 1;
    for (let i = 0, bit = 0; i < count; i++, bit += bits) {
      const at = start + (bit >> 3);
      const window = (bytes[at]! << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
      out[i] = (window >> (24 - (bit & 7) - bits)) & mask;
    }
  }
}

/** A lookup table that scales samples of fewer than 8 bits to bytes, rounded: black to 0, white to 255. */
export function byteScale(bits: number): Uint8Array {
  const white = 2 ** bits - 1;
  return Uint8Array.from({ length: white + 1 }, (_, value) => Math.round(value * 255 / white));
}
