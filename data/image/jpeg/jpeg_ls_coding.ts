/**
 * Parameters and bits of a JPEG-LS scan (ITU-T T.87).
 *
 * @module
 */
import { ImageError } from "../image_error.ts";

/** The message for data that are not JPEG-LS. */
export const DAMAGED = "the JPEG-LS data is truncated or corrupt";

/** Parameters of a scan. */
export interface LsParameters {
  maxValue: number;
  /** Largest difference between a sample and its original; 0 if lossless. */
  near: number;
  /** Number of different errors. */
  range: number;
  /** Bits of an error that is written in full. */
  valueBits: number;
  /** Most bits of a code word. */
  limit: number;
  /** Thresholds of the gradients. */
  t1: number;
  t2: number;
  t3: number;
  /** Count at which a context's sums are halved. */
  reset: number;
}

/**
 * The parameters of a scan: presets where they are given and not 0, else the defaults (C.2.4.1.1).
 *
 * @param presets MAXVAL, T1, T2, T3 and RESET, or nothing
 * @throws {ImageError} if they are out of range or out of order.
 */
export function lsParameters(precision: number, near: number, presets: readonly number[]): LsParameters {
  const maxValue = presets[0] || 2 ** precision - 1;
  const reset = presets[4] || 64;
  const basic = basicThresholds(maxValue, near);
  const [t1, t2, t3] = [presets[1] || basic[0]!, presets[2] || basic[1]!, presets[3] || basic[2]!];
  const isOrdered = near < t1 && t1 <= t2 && t2 <= t3 && t3 <= Math.max(maxValue, t1);
  const isInRange = precision >= 2 && precision <= 16 && maxValue < 2 ** precision && reset >= 3 &&
    near <= Math.min(255, maxValue / 2);
  if (!isInRange || !isOrdered) throw new ImageError("the JPEG-LS header is damaged");
  const range = Math.floor((maxValue + 2 * near) / (2 * near + 1)) + 1;
  const bits = Math.max(2, Math.ceil(Math.log2(maxValue + 1)));
  const limit = 2 * (bits + Math.max(8, bits));
  return { maxValue, near, range, valueBits: Math.ceil(Math.log2(range)), limit, t1, t2, t3, reset };
}

function basicThresholds(maxValue: number, near: number): number[] {
  const steps = [3, 7, 21].map((basic, i) => {
    const more = (3 + 2 * i) * near;
    if (maxValue >= 128) {
      const factor = (Math.min(maxValue, 4095) + 128) >> 8;
      return factor * (basic - 2 - i) + 2 + i + more;
    }
    return Math.max(2 + i, Math.floor(basic / Math.floor(256 / (maxValue + 1))) + more);
  });
  let least = near + 1;
  return steps.map((step) => least = step > maxValue || step < least ? least : step);
}

/** Bits of entropy-coded data, in which a byte of 0xff is followed by one of seven bits. */
export class StuffedBits {
  readonly #bytes: Uint8Array;
  readonly #start: number;
  #at: number;
  #bits = 0;
  #count = 0;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#start = this.#at = at;
  }

  /**
   * Reads a number of up to 16 bits.
   *
   * @throws {ImageError} at the end of the data.
   */
  read(count: number): number {
    while (this.#count < count) this.#fill();
    this.#count -= count;
    return (this.#bits >>> this.#count) & ((1 << count) - 1);
  }

  /** A Golomb code with parameter `k`, of at most `limit` bits, else a number of `valueBits` (A.5.3). */
  golomb(k: number, limit: number, valueBits: number): number {
    const most = limit - valueBits - 1;
    let zeros = 0;
    while (this.read(1) === 0) if (++zeros > most) throw new ImageError(DAMAGED);
    if (zeros === most) return this.read(valueBits) + 1;
    if (k > 16) throw new ImageError(DAMAGED);
    return k === 0 ? zeros : zeros * (1 << k) + this.read(k);
  }

  #fill(): void {
    const byte = this.#bytes[this.#at];
    const isStuffed = this.#at > this.#start && this.#bytes[this.#at - 1] === 0xff;
    if (byte === undefined || (isStuffed && byte > 0x7f)) throw new ImageError(DAMAGED);
    this.#at++;
    this.#bits = ((this.#bits << (isStuffed ? 7 : 8)) | byte) & 0xffffff;
    this.#count += isStuffed ? 7 : 8;
  }
}
