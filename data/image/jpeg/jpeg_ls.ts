/**
 * Decodes JPEG-LS (ITU-T T.87) with one component, lossless and near-lossless, in time proportional to the pixels.
 *
 * @module
 */
import { ImageError } from "../image_error.ts";
import { JPEG_MARKERS, nextSegment } from "./jpeg_header.ts";
import { DAMAGED, type LsParameters, lsParameters, StuffedBits } from "./jpeg_ls_coding.ts";

const SOF_LS = 0xf7;
const LSE = 0xf8;
const DRI = 0xdd;

/**
 * Decodes a JPEG-LS image.
 *
 * @returns `width * height` samples
 * @throws {ImageError} for damaged data, and for what is not read: several components, mapping tables, restarts.
 * @throws {RangeError} if the header is cut off.
 */
export function decodeJpegLs(bytes: Uint8Array, size: { width: number; height: number }): Uint16Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let precision: number | undefined;
  let presets: number[] = [];
  for (let at = 2;;) {
    const { marker, start, end } = nextSegment(view, at);
    at = end;
    if (marker === JPEG_MARKERS.eoi) throw new ImageError(DAMAGED);
    if (marker === SOF_LS) {
      if (view.getUint16(start + 5) !== size.height || view.getUint16(start + 7) !== size.width) {
        throw new ImageError("the JPEG-LS data has several frame headers");
      }
      precision = view.getUint8(start + 4);
    } else if (marker === LSE && view.getUint8(start + 4) === 1) {
      presets = [0, 1, 2, 3, 4].map((i) => view.getUint16(start + 5 + 2 * i));
    } else if (marker === LSE) {
      throw new ImageError("the JPEG-LS data has a mapping table, which is not read");
    } else if (marker === DRI && view.getUint16(start + 4) !== 0) {
      throw new ImageError("the JPEG-LS data has restart intervals, which are not read");
    } else if (marker === JPEG_MARKERS.sos) {
      if (precision === undefined || view.getUint8(start + 4) !== 1) throw new ImageError(DAMAGED);
      const [near, shift] = [view.getUint8(start + 7), view.getUint8(start + 9)];
      if (shift !== 0) throw new ImageError("the JPEG-LS data has a point transform, which is not read");
      return new LsScan(lsParameters(precision, near, presets), new StuffedBits(bytes, end)).decode(size);
    }
  }
}

/** Contexts of regular mode, numbered by their gradients; the two after them are those of run interruption. */
const CONTEXTS = 365;
/** Bits of a run's length by the run index (table A.1). */
// deno-fmt-ignore
const RUN_BITS = Uint8Array.of(
  0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15,
);

/** The adaptive state of a scan (A.2 to A.7), with the names of the standard. */
class LsScan {
  readonly #p: LsParameters;
  readonly #bits: StuffedBits;
  /** Sums of magnitudes (A), of errors (B), corrections (C) and counts (N) by context. */
  readonly #a: Int32Array;
  readonly #b = new Int32Array(CONTEXTS);
  readonly #c = new Int32Array(CONTEXTS);
  readonly #n: Int32Array;
  /** Counts of negative errors of run interruption, by type. */
  readonly #negative = new Int32Array(2);
  #runIndex = 0;

  constructor(parameters: LsParameters, bits: StuffedBits) {
    this.#p = parameters;
    this.#bits = bits;
    this.#a = new Int32Array(CONTEXTS + 2).fill(Math.max(2, (parameters.range + 32) >> 6));
    this.#n = new Int32Array(CONTEXTS + 2).fill(1);
  }

  decode({ width, height }: { width: number; height: number }): Uint16Array {
    const out = new Uint16Array(width * height);
    // Rows with a sample of padding on either side.
    let above = new Int32Array(width + 2);
    let row = new Int32Array(width + 2);
    for (let y = 0; y < height; y++) {
      above[width + 1] = above[width]!;
      row[0] = above[1]!;
      this.#decodeRow(row, above, width);
      out.set(row.subarray(1, width + 1), y * width);
      [above, row] = [row, above];
    }
    return out;
  }

  #decodeRow(row: Int32Array, above: Int32Array, width: number): void {
    const { near } = this.#p;
    for (let x = 1; x <= width;) {
      const left = row[x - 1]!, top = above[x]!, corner = above[x - 1]!;
      const d1 = above[x + 1]! - top, d2 = top - corner, d3 = corner - left;
      if (d1 <= near && d1 >= -near && d2 <= near && d2 >= -near && d3 <= near && d3 >= -near) {
        x = this.#decodeRun(row, above, { x, width });
      } else {
        const context = (this.#level(d1) * 9 + this.#level(d2)) * 9 + this.#level(d3);
        row[x++] = this.#decodeSample(context, { left, top, corner });
      }
    }
  }

  /** Quantises a gradient (A.3.3). */
  #level(gradient: number): number {
    const { near, t1, t2, t3 } = this.#p;
    const size = gradient < 0 ? -gradient : gradient;
    const level = size >= t3 ? 4 : size >= t2 ? 3 : size >= t1 ? 2 : size > near ? 1 : 0;
    return gradient < 0 ? -level : level;
  }

  /** A sample in regular mode (A.4 to A.6). */
  #decodeSample(signedContext: number, { left, top, corner }: { left: number; top: number; corner: number }): number {
    const { near, maxValue, limit } = this.#p;
    const isNegative = signedContext < 0;
    const q = isNegative ? -signedContext : signedContext;
    const [a, b, c, n] = [this.#a, this.#b, this.#c, this.#n];
    const [low, high] = left < top ? [left, top] : [top, left];
    let predicted = corner >= high ? low : corner <= low ? high : left + top - corner;
    predicted = Math.max(0, Math.min(maxValue, predicted + (isNegative ? -c[q]! : c[q]!)));
    let k = 0;
    while (n[q]! << k < a[q]!) k++;
    const mapped = this.#bits.golomb(k, limit, this.#p.valueBits);
    let error = (mapped & 1) === 1 ? -((mapped + 1) >> 1) : mapped >> 1;
    // Where negative errors prevail, the mapping begins with them.
    if (k === 0 && near === 0 && 2 * b[q]! <= -n[q]!) error = -error - 1;
    this.#update(q, error);
    return this.#reconstruct(predicted, isNegative ? -error : error);
  }

  #update(q: number, error: number): void {
    const { near, reset } = this.#p;
    const [a, b, c, n] = [this.#a, this.#b, this.#c, this.#n];
    b[q]! += error * (2 * near + 1);
    a[q]! += error < 0 ? -error : error;
    if (n[q] === reset) {
      a[q]! >>= 1;
      b[q]! >>= 1;
      n[q]! >>= 1;
    }
    n[q]!++;
    if (b[q]! <= -n[q]!) {
      b[q] = Math.max(b[q]! + n[q]!, 1 - n[q]!);
      if (c[q]! > -128) c[q]!--;
    } else if (b[q]! > 0) {
      b[q] = Math.min(b[q]! - n[q]!, 0);
      if (c[q]! < 127) c[q]!++;
    }
  }

  /** Adds an error to a prediction, modulo the range (A.4.5). */
  #reconstruct(predicted: number, error: number): number {
    const { near, maxValue, range } = this.#p;
    const step = 2 * near + 1;
    let value = predicted + error * step;
    if (value < -near) value += range * step;
    else if (value > maxValue + near) value -= range * step;
    return Math.max(0, Math.min(maxValue, value));
  }

  /** A run, and the sample that interrupts it (A.7). Returns the next position. */
  #decodeRun(row: Int32Array, above: Int32Array, { x, width }: { x: number; width: number }): number {
    const value = row[x - 1]!;
    const start = x;
    const end = width + 1;
    while (x < end && this.#bits.read(1) === 1) {
      const length = 1 << RUN_BITS[this.#runIndex]!;
      x += length;
      if (x <= end && this.#runIndex < 31) this.#runIndex++;
      if (x > end) x = end;
      if (x === end) {
        row.fill(value, start, end);
        return end;
      }
    }
    const bits = RUN_BITS[this.#runIndex]!;
    if (bits > 0) x += this.#bits.read(bits);
    // A run that ends without filling the row is followed by another sample.
    if (x >= end) throw new ImageError(DAMAGED);
    row.fill(value, start, x);
    row[x] = this.#decodeInterruption(value, above[x]!);
    if (this.#runIndex > 0) this.#runIndex--;
    return x + 1;
  }

  #decodeInterruption(left: number, top: number): number {
    const { near, limit, valueBits, reset } = this.#p;
    const [a, n, negative] = [this.#a, this.#n, this.#negative];
    const isFlat = Math.abs(left - top) <= near;
    const type = isFlat ? 1 : 0;
    const q = CONTEXTS + type;
    const sum = isFlat ? a[q]! + (n[q]! >> 1) : a[q]!;
    let k = 0;
    while (n[q]! << k < sum) k++;
    const mapped = this.#bits.golomb(k, limit - RUN_BITS[this.#runIndex]! - 1, valueBits);
    const odd = (mapped + type) & 1;
    const size = (mapped + type + odd) >> 1;
    const isNegative = (k !== 0 || 2 * negative[type]! >= n[q]!) === (odd === 1);
    const error = isNegative ? -size : size;
    if (error < 0) negative[type]!++;
    a[q]! += (mapped + 1 - type) >> 1;
    if (n[q] === reset) {
      a[q]! >>= 1;
      n[q]! >>= 1;
      negative[type]! >>= 1;
    }
    n[q]!++;
    if (isFlat) return this.#reconstruct(left, error);
    return this.#reconstruct(top, left > top ? -error : error);
  }
}
