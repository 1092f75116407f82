/** The Huffman codes of a table as in its marker: how many of each length 1 to 16, and their symbols in order. */
export interface HuffmanCodes {
  counts: Uint8Array;
  symbols: Uint8Array;
}

/** A baseline gray JPEG up to its data. */
export interface BaselineFrame {
  width: number;
  height: number;
  /** Quantisation in zigzag order. */
  quantisation: Uint8Array;
  dc: HuffmanCodes;
  ac: HuffmanCodes;
  /** Where the entropy-coded data begin. */
  scan: number;
}

/**
 * Reads the headers of a JPEG (ITU-T T.81, annex B) that is of the plainest kind: baseline, one component, one scan, no restarts. Returns
 * `undefined` for any other, and for anything odd.
 */
export function readBaselineFrame(bytes: Uint8Array): BaselineFrame | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tables: Tables = { quantisation: new Map(), huffman: new Map() };
  let frame: Frame | undefined;
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return undefined;
  for (let at = 2; at + 4 <= bytes.length;) {
    if (bytes[at] !== 0xff) return undefined;
    const marker = bytes[at + 1]!;
    const end = at + 2 + view.getUint16(at + 2);
    const segment = bytes.subarray(at + 4, end);
    if (end > bytes.length || segment.length !== end - at - 4) return undefined;
    if (marker === 0xdb) {
      if (!readQuantisation(segment, tables)) return undefined;
    } else if (marker === 0xc4) {
      if (!readHuffman(segment, tables)) return undefined;
    } else if (marker === 0xc0) {
      if (frame !== undefined) return undefined;
      frame = readFrame(segment);
      if (frame === undefined) return undefined;
    } else if (marker === 0xda) {
      return frame === undefined ? undefined : readScan(segment, { frame, tables, scan: end });
    } else if (!isIgnorable(marker, segment)) {
      return undefined;
    }
    at = end;
  }
  return undefined;
}

interface Tables {
  quantisation: Map<number, Uint8Array>;
  huffman: Map<number, HuffmanCodes>;
}

/** A component's frame header: its identifier, and its quantisation table. */
interface Frame {
  width: number;
  height: number;
  component: number;
  quantisation: number;
}

/** Precision 8, one component with sampling factors 1. */
function readFrame(segment: Uint8Array): Frame | undefined {
  if (segment.length !== 9 || segment[0] !== 8 || segment[5] !== 1 || segment[7] !== 0x11) return undefined;
  const height = (segment[1]! << 8) | segment[2]!;
  const width = (segment[3]! << 8) | segment[4]!;
  if (width === 0 || height === 0) return undefined;
  return { width, height, component: segment[6]!, quantisation: segment[8]! };
}

/** Application data (JFIF of a version that is known) and comments; all else changes how the file is read. */
function isIgnorable(marker: number, segment: Uint8Array): boolean {
  const isJfif = marker === 0xe0 && segment[0] === 0x4a && segment[1] === 0x46;
  return isJfif ? segment[5] === 1 : (marker >= 0xe0 && marker <= 0xef) || marker === 0xfe;
}

function readQuantisation(segment: Uint8Array, tables: Tables): boolean {
  if (segment.length % 65 !== 0) return false;
  for (let at = 0; at < segment.length; at += 65) {
    if (segment[at]! > 3) return false;
    tables.quantisation.set(segment[at]!, segment.slice(at + 1, at + 65));
  }
  return true;
}

function readHuffman(segment: Uint8Array, tables: Tables): boolean {
  for (let at = 0; at < segment.length;) {
    const counts = segment.slice(at + 1, at + 17);
    const total = counts.reduce((sum, count) => sum + count, 0);
    const symbols = segment.slice(at + 17, at + 17 + total);
    if (counts.length !== 16 || symbols.length !== total || total > 256) return false;
    tables.huffman.set(segment[at]!, { counts, symbols });
    at += 17 + total;
  }
  return true;
}

function readScan(
  segment: Uint8Array,
  found: { frame: Frame; tables: Tables; scan: number },
): BaselineFrame | undefined {
  const { frame, tables, scan } = found;
  // The one component, all 64 coefficients, no successive approximation.
  if (
    segment.length !== 6 || segment[0] !== 1 || segment[1] !== frame.component || segment[3] !== 0 ||
    segment[4] !== 63 || segment[5] !== 0
  ) {
    return undefined;
  }
  const quantisation = tables.quantisation.get(frame.quantisation);
  const dc = tables.huffman.get(segment[2]! >> 4);
  const ac = tables.huffman.get(0x10 | (segment[2]! & 15));
  if (quantisation === undefined || dc === undefined || ac === undefined) return undefined;
  return { width: frame.width, height: frame.height, quantisation, dc, ac, scan };
}
