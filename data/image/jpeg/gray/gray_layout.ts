/**
 * The segments of the JPEG files that the fast decoder takes: sequential, Huffman-coded, 8 bits, one component.
 *
 * @module
 */
import { readLookup } from "./huffman_lookup.ts";

/** Markers that begin a segment. */
const SEGMENT = {
  sof0: 0xc0,
  sof1: 0xc1,
  dht: 0xc4,
  sos: 0xda,
  dqt: 0xdb,
  dri: 0xdd,
  app0: 0xe0,
  app15: 0xef,
  com: 0xfe,
};
/** The largest width or height that libjpeg takes. */
const MAX_SIDE = 65_500;

/** A gray JPEG: what its segments say up to its only scan. */
export interface GrayLayout {
  width: number;
  height: number;
  /** The quantiser in zigzag order. */
  quantiser: Int16Array;
  /** Lookup tables of the scan, as `readLookup()` makes them. */
  dc: Uint32Array;
  ac: Uint32Array;
  /** Blocks between restart markers; 0 without. */
  restartInterval: number;
  /** Where the entropy-coded data begin. */
  scan: number;
}

/**
 * Reads the segments up to the scan's data. `undefined` for every other kind of JPEG and for anything unusual: such
 * files are left to libjpeg-turbo, which also decides whether they are damaged.
 */
export function readGrayLayout(bytes: Uint8Array): GrayLayout | undefined {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return undefined;
  const quantisers = new Map<number, Int16Array>();
  const huffman = new Map<number, Uint8Array>();
  let frame: Uint8Array | undefined;
  let restartInterval = 0;
  for (let at = 2; at + 4 <= bytes.length;) {
    const marker = bytes[at + 1]!;
    const end = at + 2 + bytes[at + 2]! * 256 + bytes[at + 3]!;
    const data = bytes.subarray(at + 4, end);
    if (bytes[at] !== 0xff || end < at + 4 || end > bytes.length) return undefined;
    at = end;
    if (marker === SEGMENT.sof0 || marker === SEGMENT.sof1) {
      if (frame !== undefined) return undefined;
      frame = data;
    } else if (marker === SEGMENT.dht) {
      if (!splitHuffman(data, huffman)) return undefined;
    } else if (marker === SEGMENT.dqt) {
      if (!splitQuantisers(data, quantisers)) return undefined;
    } else if (marker === SEGMENT.dri) {
      if (data.length !== 2) return undefined;
      restartInterval = data[0]! * 256 + data[1]!;
    } else if (marker === SEGMENT.sos) {
      return frame && layoutOf(frame, data, { quantisers, huffman, restartInterval, scan: end });
    } else if (!(marker >= SEGMENT.app0 && marker <= SEGMENT.app15) && marker !== SEGMENT.com) {
      return undefined;
    }
  }
  return undefined;
}

function layoutOf(
  frame: Uint8Array,
  scan: Uint8Array,
  found: {
    quantisers: ReadonlyMap<number, Int16Array>;
    huffman: ReadonlyMap<number, Uint8Array>;
    restartInterval: number;
    scan: number;
  },
): GrayLayout | undefined {
  const [precision, h1, h0, w1, w0, components, id, sampling, destination] = frame;
  const [count, selector, tables, first, last, approximation] = scan;
  const height = h1! * 256 + h0!;
  const width = w1! * 256 + w0!;
  const isPlain = frame.length === 9 && precision === 8 && components === 1 && sampling === 0x11 && scan.length === 6 &&
    count === 1 && selector === id && first === 0 && last === 63 && approximation === 0;
  if (!isPlain || width < 1 || height < 1 || width > MAX_SIDE || height > MAX_SIDE) return undefined;
  const quantiser = found.quantisers.get(destination!);
  const dc = readLookup(found.huffman.get(tables! >> 4), { maxSymbol: 15 });
  const ac = readLookup(found.huffman.get(16 + (tables! & 15)), { maxSymbol: 255 });
  if (quantiser === undefined || dc === undefined || ac === undefined) return undefined;
  return { width, height, quantiser, dc, ac, restartInterval: found.restartInterval, scan: found.scan };
}

/** Collects the definitions of a DHT segment by class * 16 + destination: 16 counts, then the symbols. */
function splitHuffman(data: Uint8Array, into: Map<number, Uint8Array>): boolean {
  for (let at = 0; at < data.length;) {
    let symbols = 0;
    for (let i = 1; i <= 16; i++) symbols += data[at + i] ?? 0;
    const end = at + 17 + symbols;
    if (end > data.length || symbols > 256 || (data[at]! & 0xec) !== 0) return false;
    into.set(data[at]!, data.subarray(at + 1, end));
    at = end;
  }
  return true;
}

/** Collects the tables of a DQT segment by destination; steps above 32,767 are left to libjpeg-turbo. */
function splitQuantisers(data: Uint8Array, into: Map<number, Int16Array>): boolean {
  for (let at = 0; at < data.length;) {
    const bytes = data[at]! >> 4 === 1 ? 2 : 1;
    const destination = data[at]! & 15;
    if (data[at]! >> 4 > 1 || destination > 3 || at + 1 + 64 * bytes > data.length) return false;
    const table = new Int16Array(64);
    for (let i = 0; i < 64; i++) {
      const step = bytes === 2 ? data[at + 1 + 2 * i]! * 256 + data[at + 2 + 2 * i]! : data[at + 1 + i]!;
      if (step < 1 || step > 32767) return false;
      table[i] = step;
    }
    into.set(destination, table);
    at += 1 + 64 * bytes;
  }
  return true;
}
