/**
 * Reads Huffman-coded JPEG data of one component: headers, tables and bits (ITU-T T.81, annexes B, F and H). For the
 * kinds that libjpeg-turbo's WebAssembly build does not decode: lossless, and sequential with 12 bits.
 *
 * @module
 */
import { ImageError } from "../image_error.ts";
import { JPEG_MARKERS, nextSegment } from "./jpeg_header.ts";

const DHT = 0xc4;
const DQT = 0xdb;
const DRI = 0xdd;
const DAMAGED = "the JPEG data is truncated or corrupt";

/** The frame and scan of a JPEG with one component. */
export interface HuffmanScan {
  /** The frame's marker: 0xc1 extended sequential, 0xc3 lossless. */
  frame: number;
  precision: number;
  width: number;
  height: number;
  /** Tables of the scan; a lossless scan has no `ac` and no `quantiser`. */
  dc: HuffmanTable;
  ac: HuffmanTable | undefined;
  /** The quantiser in zigzag order. */
  quantiser: Uint16Array | undefined;
  /** The scan's first parameter: the predictor of a lossless scan. */
  predictor: number;
  /** Number of low bits that are not coded in a lossless scan. */
  pointTransform: number;
  /** Number of blocks (lossless: samples) between restart markers; 0 without. */
  restartInterval: number;
  bits: EntropyBits;
}

/**
 * Reads the segments up to the entropy-coded data.
 *
 * @throws {ImageError} for several components or scans' missing tables.
 * @throws {RangeError} if the data ends first.
 */
export function readHuffmanScan(bytes: Uint8Array): HuffmanScan {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  /** Definitions by class and destination; tables are only built if the scan uses them. */
  const huffman = new Map<number, Uint8Array>();
  const quantisers = new Map<number, Uint16Array>();
  let restartInterval = 0;
  let frame: { marker: number; data: Uint8Array } | undefined;
  for (let at = 2;;) {
    const { marker, start, end } = nextSegment(view, at);
    if (end > bytes.length) throw new RangeError("a segment is cut off");
    at = end;
    const data = bytes.subarray(start + 4, end);
    if (marker === DHT) readHuffman(data, huffman);
    else if (marker === DQT) readQuantisers(data, quantisers);
    else if (marker === DRI) restartInterval = view.getUint16(start + 4);
    else if (marker === JPEG_MARKERS.eoi) throw new ImageError(DAMAGED);
    else if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc8 && marker !== 0xcc) frame = { marker, data };
    else if (marker === JPEG_MARKERS.sos) {
      if (frame === undefined || frame.data.length < 9 || data.length < 6) throw new ImageError(DAMAGED);
      return {
        ...describeScan(frame, data, { huffman, quantisers }),
        restartInterval,
        bits: new EntropyBits(bytes, end),
      };
    }
  }
}

function describeScan(
  frame: { marker: number; data: Uint8Array },
  scan: Uint8Array,
  tables: { huffman: ReadonlyMap<number, Uint8Array>; quantisers: ReadonlyMap<number, Uint16Array> },
): Omit<HuffmanScan, "restartInterval" | "bits"> {
  const { marker, data } = frame;
  if (data[5] !== 1 || scan[0] !== 1) throw new ImageError("the JPEG data has several components; 1 is required");
  const table = (kind: number, destination: number) => {
    const definition = tables.huffman.get(kind * 16 + destination);
    if (definition === undefined) throw new ImageError("the JPEG data has no Huffman table for its scan");
    return new HuffmanTable(definition);
  };
  const isLossless = marker === 0xc3;
  return {
    frame: marker,
    precision: data[0]!,
    height: data[1]! * 256 + data[2]!,
    width: data[3]! * 256 + data[4]!,
    dc: table(0, scan[2]! >> 4),
    ac: isLossless ? undefined : table(1, scan[2]! & 15),
    quantiser: isLossless ? undefined : tables.quantisers.get(data[8]!),
    predictor: scan[3]!,
    pointTransform: scan[5]! & 15,
  };
}

/** Collects the definitions of a DHT segment: 16 counts, then the symbols. */
function readHuffman(data: Uint8Array, into: Map<number, Uint8Array>): void {
  for (let at = 0; at < data.length;) {
    let symbols = 0;
    for (let i = 1; i <= 16; i++) symbols += data[at + i] ?? 0;
    const end = at + 17 + symbols;
    if (end > data.length || symbols > 256) throw new ImageError(DAMAGED);
    into.set(data[at]!, data.subarray(at + 1, end));
    at = end;
  }
}

function readQuantisers(data: Uint8Array, into: Map<number, Uint16Array>): void {
  for (let at = 0; at < data.length;) {
    const isWide = data[at]! >> 4 === 1;
    const destination = data[at++]! & 15;
    const end = at + (isWide ? 128 : 64);
    if (end > data.length) throw new ImageError(DAMAGED);
    const from = at;
    into.set(
      destination,
      Uint16Array.from(
        { length: 64 },
        (_, i) => isWide ? data[from + 2 * i]! * 256 + data[from + 2 * i + 1]! : data[from + i]!,
      ),
    );
    at = end;
  }
}

/** A Huffman table: the length and symbol of the code at the start of any 16 bits. */
export class HuffmanTable {
  /** `length * 256 + symbol`; 0 where no code is. */
  readonly #codes = new Uint16Array(1 << 16);

  /** @param definition numbers of codes of 1 to 16 bits, then their symbols */
  constructor(definition: Uint8Array) {
    let next = 16;
    let start = 0;
    for (let length = 1; length <= 16; length++) {
      const span = 1 << (16 - length);
      for (let i = 0; i < definition[length - 1]!; i++, start += span) {
        if (start + span > this.#codes.length) throw new ImageError(DAMAGED);
        this.#codes.fill(length * 256 + definition[next++]!, start, start + span);
      }
    }
  }

  /** Reads a symbol. */
  read(bits: EntropyBits): number {
    const code = this.#codes[bits.peek16()]!;
    if (code === 0) throw new ImageError(DAMAGED);
    bits.skip(code >> 8);
    return code & 255;
  }
}

/** The bits of entropy-coded data, without stuffed bytes. */
export class EntropyBits {
  readonly #bytes: Uint8Array;
  #at: number;
  #bits = 0;
  #count = 0;
  /** Zero bits appended after the end of the data. */
  #appended = 0;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** The next 16 bits, with zeros after the end. */
  peek16(): number {
    while (this.#count < 16) this.#fill();
    return (this.#bits >>> (this.#count - 16)) & 0xffff;
  }

  /**
   * Skips up to 16 bits that were peeked at.
   *
   * @throws {ImageError} if the data ended before them.
   */
  skip(count: number): void {
    this.#count -= count;
    if (this.#count < this.#appended) throw new ImageError(DAMAGED);
  }

  /** Reads a number of up to 16 bits whose leading bit says its sign (T.81, F.2.2.1, EXTEND). */
  signed(size: number): number {
    if (size === 0) return 0;
    const value = this.peek16() >>> (16 - size);
    this.skip(size);
    return value < 1 << (size - 1) ? value - (1 << size) + 1 : value;
  }

  /** Discards the rest of the byte and a restart marker. */
  restart(): void {
    this.#count = this.#bits = this.#appended = 0;
    while (this.#bytes[this.#at] === 0xff && this.#bytes[this.#at + 1] === 0xff) this.#at++;
    const marker = this.#bytes[this.#at] === 0xff ? this.#bytes[this.#at + 1]! : 0;
    if (marker < 0xd0 || marker > 0xd7) throw new ImageError(DAMAGED);
    this.#at += 2;
  }

  #fill(): void {
    let byte = this.#bytes[this.#at];
    if (byte === 0xff && this.#bytes[this.#at + 1] === 0) this.#at += 2;
    else if (byte === undefined || byte === 0xff) {
      byte = 0;
      this.#appended += 8;
    } else this.#at++;
    this.#bits = ((this.#bits << 8) | byte) & 0xffffff;
    this.#count += 8;
  }
}
