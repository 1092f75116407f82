/**
 * Writes PNG, BMP and TIFF files of every kind for tests. Samples are given by a function of column, row and channel.
 *
 * @module
 */
import { concatBytes } from "../../../base/bytes.ts";
import { crc32, deflateSync } from "node:zlib";

/** An image defined by a function. */
export interface Picture {
  width: number;
  height: number;
  sample: (x: number, y: number, channel: number) => number;
}

/** A gray image, by default a ramp over the full range of the depth. */
export function gray(
  options: { width?: number; height?: number; value?: (x: number, y: number) => number } = {},
): Picture {
  const { width = 13, height = 11, value = (x, y) => (x * 19 + y * 7) & 255 } = options;
  return { width, height, sample: (x, y) => value(x, y) };
}

/** Packs rows of samples, highest bit first, 16 and 32 bits in the given byte order. */
export function packRows(
  picture: Picture,
  options: { bits: number; channels: number; bigEndian?: boolean; pad?: number; x?: number; y?: number },
): Uint8Array[] {
  const { bits, channels, bigEndian = true, pad = 1, x: left = 0, y: top = 0 } = options;
  return Array.from({ length: picture.height }, (_, y) => {
    const bytes = new Uint8Array(Math.ceil(Math.ceil(picture.width * channels * bits / 8) / pad) * pad);
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < picture.width * channels; i++) {
      const value = picture.sample(left + Math.floor(i / channels), top + y, i % channels);
      if (bits === 16) view.setUint16(2 * i, value & 0xffff, !bigEndian);
      else if (bits === 32) view.setUint32(4 * i, value >>> 0, !bigEndian);
      else {for (let b = 0; b < bits; b++) {
          const at = i * bits + b;
          if ((value >> (bits - 1 - b) & 1) === 1) bytes[at >> 3]! |= 0x80 >> (at & 7);
        }}
    }
    return bytes;
  });
}

export function pngChunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

const PNG_CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const ADAM7 = [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]];

/** Writes a PNG file; consecutive rows use different filters. `data` replaces the compressed pixels. */
export function makePng(
  options: Picture & {
    depth: number;
    colourType?: number;
    interlaced?: boolean;
    chunks?: readonly Uint8Array[];
    data?: Uint8Array;
  },
): Uint8Array<ArrayBuffer> {
  const { width, height, depth, colourType = 0, interlaced = false, chunks = [] } = options;
  const channels = PNG_CHANNELS[colourType]!;
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([depth, colourType, 0, 0, interlaced ? 1 : 0], 8);
  const passes = interlaced ? ADAM7 : [[0, 0, 1, 1]];
  const rows = passes.flatMap(([left, top, stepX, stepY]) => {
    const pass = {
      width: Math.max(0, Math.ceil((width - left!) / stepX!)),
      height: Math.max(0, Math.ceil((height - top!) / stepY!)),
      sample: (x: number, y: number, c: number) => options.sample(left! + x * stepX!, top! + y * stepY!, c),
    };
    return pass.width === 0
      ? []
      : filterRows(packRows(pass, { bits: depth, channels }), Math.max(1, depth * channels >> 3));
  });
  const data = options.data ?? deflateSync(concatBytes(rows));
  return concatBytes([
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10),
    pngChunk("IHDR", header),
    ...chunks,
    pngChunk("IDAT", data.subarray(0, data.length >> 1)),
    pngChunk("IDAT", data.subarray(data.length >> 1)),
    pngChunk("IEND", new Uint8Array()),
  ]);
}

function filterRows(rows: Uint8Array[], step: number): Uint8Array[] {
  return rows.map((row, y) => {
    const above = rows[y - 1] ?? new Uint8Array(row.length);
    const type = y % 5;
    const predict = (i: number) => {
      const a = row[i - step] ?? 0;
      const b = above[i]!;
      const c = above[i - step] ?? 0;
      if (type < 3) return [0, a, b][type]!;
      if (type === 3) return (a + b) >> 1;
      const [pa, pb, pc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)] as [number, number, number];
      return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
    };
    return Uint8Array.of(type, ...row.map((value, i) => value - predict(i)));
  });
}

/** Writes a BMP file with a Windows header of the given length; pixels start `gap` bytes after palette and masks. */
export function makeBmp(
  options: Picture & {
    bits: 1 | 2 | 4 | 8 | 16 | 24 | 32;
    headerBytes?: number;
    gap?: number;
    topDown?: boolean;
    compression?: number;
    masks?: readonly number[];
    /** RGB triples, default gray levels. */
    palette?: readonly (readonly [number, number, number])[];
    data?: Uint8Array;
  },
): Uint8Array<ArrayBuffer> {
  const { width, height, bits, headerBytes = 40, gap = 0, topDown = false, compression = 0, masks } = options;
  const colours = bits > 8 ? [] : options.palette ??
    Array.from({ length: 2 ** bits }, (_, i) => {
      const level = Math.round(i * 255 / (2 ** bits - 1));
      return [level, level, level] as const;
    });
  const core = headerBytes === 12;
  const palette = concatBytes(colours.map(([r, g, b]) => Uint8Array.from(core ? [b, g, r] : [b, g, r, 0])));
  const ownMasks = masks !== undefined && headerBytes === 40 ? 12 : 0;
  const pixels = 14 + headerBytes + ownMasks + palette.length + gap;
  const channels = bits === 24 ? 3 : 1;
  const rows = packRows({ width, height, sample: options.sample }, {
    bits: bits === 24 ? 8 : bits,
    channels,
    bigEndian: false,
    pad: 4,
  });
  const body = options.data ?? concatBytes(topDown ? rows : rows.reverse());
  const file = new Uint8Array(pixels + body.length);
  const view = new DataView(file.buffer);
  file.set([0x42, 0x4d]);
  view.setUint32(2, file.length, true);
  view.setUint32(10, pixels, true);
  view.setUint32(14, headerBytes, true);
  if (core) {
    view.setUint16(18, width, true);
    view.setUint16(20, height, true);
    view.setUint16(22, 1, true);
    view.setUint16(24, bits, true);
  } else {
    view.setInt32(18, width, true);
    view.setInt32(22, topDown ? -height : height, true);
    view.setUint16(26, 1, true);
    view.setUint16(28, bits, true);
    view.setUint32(30, compression, true);
    masks?.forEach((mask, i) => view.setUint32(54 + 4 * i, mask, true));
  }
  file.set(palette, 14 + headerBytes + ownMasks);
  file.set(body, pixels);
  return file;
}

/** How a TIFF file is written; the defaults give 8-bit gray in one strip. */
export interface TiffOptions extends Picture {
  bits?: number;
  channels?: number;
  photometric?: number;
  compression?: "none" | "lzw" | "deflate" | "packBits";
  predictor?: boolean;
  planar?: boolean;
  reversedBits?: boolean;
  orientation?: number;
  tile?: { width: number; height: number };
  rowsPerStrip?: number;
  big?: boolean;
  bigEndian?: boolean;
  /** Additional or overriding tags. */
  tags?: Readonly<Record<number, readonly number[]>>;
  /** Tags to omit. */
  without?: readonly number[];
  /** Offset of the next directory. */
  next?: number;
}

const TIFF_COMPRESSIONS = { none: 1, lzw: 5, deflate: 8, packBits: 32773 } as const;

export function makeTiff(options: TiffOptions): Uint8Array<ArrayBuffer> {
  const { width, height, bits = 8, channels = 1, compression = "none", planar = false, tile, big = false } = options;
  const blocks = tiffBlocks(options);
  const first = big ? 16 : 8;
  const offsets: number[] = [];
  let end = first;
  for (const block of blocks) {
    offsets.push(end);
    end += block.length + (block.length & 1);
  }
  const lengths = blocks.map((block) => block.length);
  const strips: Record<number, readonly number[]> = tile === undefined
    ? { 273: offsets, 278: [options.rowsPerStrip ?? height], 279: lengths }
    : { 322: [tile.width], 323: [tile.height], 324: offsets, 325: lengths };
  const tags: Record<number, readonly number[]> = {
    256: [width],
    257: [height],
    258: new Array<number>(channels).fill(bits),
    259: [TIFF_COMPRESSIONS[compression]],
    262: [options.photometric ?? (channels >= 3 ? 2 : 1)],
    277: [channels],
    ...(options.reversedBits === true ? { 266: [2] } : {}),
    ...(options.orientation === undefined ? {} : { 274: [options.orientation] }),
    ...(planar ? { 284: [2] } : {}),
    ...(options.predictor === true ? { 317: [2] } : {}),
    ...strips,
    ...options.tags,
  };
  for (const tag of options.without ?? []) delete tags[tag];
  return writeTiff(tags, { blocks, offsets, end, big, little: options.bigEndian !== true, next: options.next ?? 0 });
}

function writeTiff(
  tags: Readonly<Record<number, readonly number[]>>,
  options: { blocks: Uint8Array[]; offsets: number[]; end: number; big: boolean; little: boolean; next: number },
): Uint8Array<ArrayBuffer> {
  const { big, little, end } = options;
  const entries = Object.entries(tags).map(([tag, values]) => ({ tag: Number(tag), values }));
  const entryBytes = big ? 20 : 12;
  const room = big ? 8 : 4;
  let extra = end + (big ? 8 : 2) + entries.length * entryBytes + room;
  const file = new Uint8Array(extra + entries.reduce((sum, { values }) => sum + values.length * 4, 0));
  const view = new DataView(file.buffer);
  const word = (at: number, value: number) =>
    big ? view.setBigUint64(at, BigInt(value), little) : view.setUint32(at, value, little);
  file.set(little ? [0x49, 0x49] : [0x4d, 0x4d]);
  view.setUint16(2, big ? 43 : 42, little);
  if (big) view.setUint16(4, 8, little);
  word(big ? 8 : 4, end);
  if (big) word(end, entries.length);
  else view.setUint16(end, entries.length, little);
  entries.forEach(({ tag, values }, i) => {
    const at = end + (big ? 8 : 2) + i * entryBytes;
    view.setUint16(at, tag, little);
    view.setUint16(at + 2, 4, little);
    word(at + 4, values.length);
    let to = at + (big ? 12 : 8);
    if (values.length * 4 > room) {
      word(to, extra);
      to = extra;
      extra += values.length * 4;
    }
    values.forEach((value, k) => view.setUint32(to + 4 * k, value, little));
  });
  word(end + (big ? 8 : 2) + entries.length * entryBytes, options.next);
  options.blocks.forEach((block, i) => file.set(block, options.offsets[i]!));
  return file;
}

function tiffBlocks(options: TiffOptions): Uint8Array[] {
  const { width, height, bits = 8, channels = 1, planar = false, tile, compression = "none" } = options;
  const block = tile ?? { width, height: options.rowsPerStrip ?? height };
  const blocks: Uint8Array[] = [];
  for (let plane = 0; plane < (planar ? channels : 1); plane++) {
    for (let y = 0; y < height; y += block.height) {
      for (let x = 0; x < width; x += block.width) {
        const part = {
          width: block.width,
          height: tile === undefined ? Math.min(block.height, height - y) : block.height,
          sample: (column: number, row: number, c: number) =>
            column < width && row < height ? options.sample(column, row, planar ? plane : c) : 0,
        };
        const perPixel = planar ? 1 : channels;
        const source = options.predictor === true ? differences(part, { bits, x, y }) : part;
        const place = options.predictor === true ? {} : { x, y };
        const rows = packRows(source, { bits, channels: perPixel, bigEndian: options.bigEndian === true, ...place });
        const packed = compress(concatBytes(rows), compression);
        blocks.push(options.reversedBits === true ? packed.map(reverseByte) : packed);
      }
    }
  }
  return blocks;
}

function differences(part: Picture, { bits, x: left, y: top }: { bits: number; x: number; y: number }): Picture {
  const mask = 2 ** bits - 1;
  return {
    ...part,
    sample: (x, y, c) => {
      const value = part.sample(left + x, top + y, c);
      return x === 0 ? value : (value - part.sample(left + x - 1, top + y, c)) & mask;
    },
  };
}

function reverseByte(byte: number): number {
  return parseInt(byte.toString(2).padStart(8, "0").split("").reverse().join(""), 2);
}

function compress(data: Uint8Array, compression: keyof typeof TIFF_COMPRESSIONS): Uint8Array {
  if (compression === "deflate") return deflateSync(data);
  if (compression === "lzw") return packLzw(data);
  if (compression === "packBits") return packBits(data);
  return data;
}

/** PackBits, with runs of at least three bytes. */
export function packBits(data: Uint8Array): Uint8Array {
  const out: number[] = [];
  for (let at = 0; at < data.length;) {
    let run = 1;
    while (run < 128 && data[at + run] === data[at]) run++;
    if (run >= 3) {
      out.push(257 - run, data[at]!);
      at += run;
      continue;
    }
    const start = at;
    while (at < data.length && at - start < 128 && !(data[at] === data[at + 1] && data[at] === data[at + 2])) at++;
    out.push(at - start - 1, ...data.subarray(start, at));
  }
  return Uint8Array.from(out);
}

/** LZW (TIFF 6.0, section 13). */
export function packLzw(data: Uint8Array): Uint8Array {
  const bits: number[] = [];
  let table = new Map<string, number>();
  let width = 9;
  let next = 258;
  const put = (code: number) => {
    for (let b = width - 1; b >= 0; b--) bits.push(code >> b & 1);
  };
  const codeOf = (text: string) => text.length === 1 ? text.charCodeAt(0) : table.get(text)!;
  put(256);
  let known = "";
  for (const byte of data) {
    const letter = String.fromCharCode(byte);
    if (known === "" || table.has(known + letter)) {
      known += letter;
      continue;
    }
    put(codeOf(known));
    table.set(known + letter, next++);
    if (next === 512 || next === 1024 || next === 2048) width++;
    if (next === 4094) {
      put(256);
      table = new Map();
      width = 9;
      next = 258;
    }
    known = letter;
  }
  if (known !== "") {
    put(codeOf(known));
    next++;
    if (next === 512 || next === 1024 || next === 2048) width++;
  }
  put(257);
  const out = new Uint8Array(Math.ceil(bits.length / 8));
  bits.forEach((bit, i) => out[i >> 3]! |= bit << (7 - (i & 7)));
  return out;
}
