/**
 * A baseline JPEG encoder for grayscale images: one component, eight bits, the example Huffman tables of the standard
 * (ITU-T T.81, Annex K). The packages considered instead write three components or overrun their buffer on small
 * images.
 *
 * @module
 */

// T.81, table K.1: luminance quantisation at quality 50, row-major.
// deno-fmt-ignore
const LUMINANCE = [
  16, 11, 10, 16, 24, 40, 51, 61,
  12, 12, 14, 19, 26, 58, 60, 55,
  14, 13, 16, 24, 40, 57, 69, 56,
  14, 17, 22, 29, 51, 87, 80, 62,
  18, 22, 37, 56, 68, 109, 103, 77,
  24, 35, 55, 64, 81, 104, 113, 92,
  49, 64, 78, 87, 103, 121, 120, 101,
  72, 92, 95, 98, 112, 100, 103, 99,
];

/** Numbers of codes by length (1 to 16), and the symbols in code order: tables K.3 (DC) and K.5 (AC). */
interface HuffmanTable {
  counts: readonly number[];
  symbols: Uint8Array;
}
const DC_TABLE: HuffmanTable = {
  counts: [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0],
  symbols: Uint8Array.from({ length: 12 }, (_, i) => i),
};
const AC_TABLE: HuffmanTable = {
  counts: [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125],
  symbols: Uint8Array.fromHex(
    "01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a34353637" +
      "38393a434445464748494a535455565758595a636465666768696a737475767778797a838485868788898a92939495969798999aa2a3" +
      "a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa",
  ),
};

const ZIGZAG = zigzag();
// cosines[k][n] of the eight-point DCT, scaled to be orthogonal.
const COSINES = Float64Array.from({ length: 64 }, (_, i) => {
  const frequency = i >> 3;
  const norm = frequency === 0 ? Math.SQRT1_2 : 1;
  return 0.5 * norm * Math.cos((2 * (i & 7) + 1) * frequency * Math.PI / 16);
});

/** A code word and its length, by symbol. */
interface Codes {
  words: Uint16Array;
  lengths: Uint8Array;
}
const DC_CODES = codesOf(DC_TABLE);
const AC_CODES = codesOf(AC_TABLE);

/**
 * Encodes a grayscale image as a baseline JPEG with one component.
 *
 * @param pixels one byte per pixel, row-major from the top left
 * @param options width and height, each 1 to 65535; quality, 1 to 100, on the scale of the Independent JPEG Group's
 * software (MIMIC-CXR-JPG uses 95)
 * @throws {RangeError} if the size or the quality is out of range, or the pixels are not width x height
 *
 * @example
 * ```ts
 * const jpeg = encodeGrayJpeg(new Uint8Array(64 * 64).fill(128), { width: 64, height: 64, quality: 95 });
 * ```
 */
export function encodeGrayJpeg(
  pixels: Uint8Array,
  { width, height, quality }: { width: number; height: number; quality: number },
): Uint8Array<ArrayBuffer> {
  for (
    const [name, value, most] of [["width", width, 65535], ["height", height, 65535], [
      "quality",
      quality,
      100,
    ]] as const
  ) {
    if (!Number.isInteger(value) || value < 1 || value > most) {
      throw new RangeError(`encodeGrayJpeg: ${name} is ${value}, but must be a whole number from 1 to ${most}`);
    }
  }
  if (pixels.length !== width * height) {
    throw new RangeError(
      `encodeGrayJpeg: ${pixels.length} pixels given, but ${width} x ${height} are ${width * height}`,
    );
  }
  const quantiser = quantiserOf(quality);
  const out = new BitWriter(1024 + width * height);
  writeHeader(out, { width, height, quantiser });
  const divisors = Float64Array.from(quantiser, (step) => 1 / step);
  const samples = new Float64Array(64);
  const coefficients = new Int32Array(64);
  let previous = 0;
  for (let top = 0; top < height; top += 8) {
    for (let left = 0; left < width; left += 8) {
      readBlock(samples, pixels, { left, top, width, height });
      transform(samples, divisors, coefficients);
      writeBlock(out, coefficients, previous);
      previous = coefficients[0]!;
    }
  }
  out.flushBits();
  out.marker(0xd9);
  return out.bytes();
}

function quantiserOf(quality: number): Uint8Array {
  const scale = quality < 50 ? Math.floor(5000 / quality) : 200 - 2 * quality;
  return Uint8Array.from(LUMINANCE, (step) => Math.max(1, Math.min(255, Math.floor((step * scale + 50) / 100))));
}

/** Row-major index of each position in zigzag order. */
function zigzag(): Uint8Array {
  const places = Array.from({ length: 64 }, (_, i) => ({ i, row: i >> 3, column: i & 7 }));
  const climbing = ({ row, column }: { row: number; column: number }) => (row + column) % 2 === 0 ? -row : row;
  places.sort((a, b) => a.row + a.column - b.row - b.column || climbing(a) - climbing(b));
  return Uint8Array.from(places, ({ i }) => i);
}

/** Canonical codes: consecutive within a length, doubled from one length to the next (T.81, Annex C). */
function codesOf({ counts, symbols }: HuffmanTable): Codes {
  const codes = { words: new Uint16Array(256), lengths: new Uint8Array(256) };
  let word = 0;
  let next = 0;
  counts.forEach((count, i) => {
    for (let k = 0; k < count; k++) {
      const symbol = symbols[next++]!;
      codes.words[symbol] = word++;
      codes.lengths[symbol] = i + 1;
    }
    word <<= 1;
  });
  return codes;
}

/** A growing byte buffer; entropy-coded bits get a zero byte stuffed after each 0xff. */
class BitWriter {
  #buffer: Uint8Array<ArrayBuffer>;
  #length = 0;
  #bits = 0;
  #bitCount = 0;

  constructor(capacity: number) {
    this.#buffer = new Uint8Array(capacity);
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return this.#buffer.slice(0, this.#length);
  }

  byte(value: number): void {
    if (this.#length === this.#buffer.length) {
      const grown = new Uint8Array(this.#buffer.length * 2);
      grown.set(this.#buffer);
      this.#buffer = grown;
    }
    this.#buffer[this.#length++] = value;
  }

  marker(code: number): void {
    this.byte(0xff);
    this.byte(code);
  }

  /** Writes a marker segment; its length field includes itself. */
  segment(code: number, content: readonly number[]): void {
    this.marker(code);
    this.byte((content.length + 2) >> 8);
    this.byte((content.length + 2) & 255);
    for (const value of content) this.byte(value);
  }

  /** Appends the low `count` bits of `value`; at most 16, so that all pending bits fit in 24. */
  bits(value: number, count: number): void {
    this.#bits = (this.#bits << count) | value;
    this.#bitCount += count;
    while (this.#bitCount >= 8) {
      this.#bitCount -= 8;
      const whole = (this.#bits >>> this.#bitCount) & 255;
      this.byte(whole);
      if (whole === 255) this.byte(0);
    }
    this.#bits &= (1 << this.#bitCount) - 1;
  }

  /** Pads the last byte with ones. */
  flushBits(): void {
    if (this.#bitCount > 0) this.bits((1 << (8 - this.#bitCount)) - 1, 8 - this.#bitCount);
  }
}

function writeHeader(
  out: BitWriter,
  { width, height, quantiser }: { width: number; height: number; quantiser: Uint8Array },
): void {
  out.marker(0xd8);
  // JFIF 1.1, square pixels, no thumbnail.
  out.segment(0xe0, [0x4a, 0x46, 0x49, 0x46, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0]);
  out.segment(0xdb, [0, ...ZIGZAG.map((place) => quantiser[place]!)]);
  out.segment(0xc0, [8, height >> 8, height & 255, width >> 8, width & 255, 1, 1, 0x11, 0]);
  out.segment(0xc4, [0x00, ...DC_TABLE.counts, ...DC_TABLE.symbols]);
  out.segment(0xc4, [0x10, ...AC_TABLE.counts, ...AC_TABLE.symbols]);
  out.segment(0xda, [1, 1, 0, 0, 63, 0]);
}

/** Copies 8 x 8 pixels minus 128, repeating the last pixel beyond the edge. */
function readBlock(
  samples: Float64Array,
  pixels: Uint8Array,
  { left, top, width, height }: { left: number; top: number; width: number; height: number },
): void {
  for (let row = 0, i = 0; row < 8; row++) {
    const line = Math.min(top + row, height - 1) * width;
    for (let column = 0; column < 8; column++) samples[i++] = pixels[line + Math.min(left + column, width - 1)]! - 128;
  }
}

/** Computes the quantised two-dimensional DCT of `samples`, which it overwrites, in zigzag order. */
function transform(samples: Float64Array, divisors: Float64Array, coefficients: Int32Array): void {
  for (let row = 0; row < 8; row++) transformLine(samples, row * 8, 1);
  for (let column = 0; column < 8; column++) transformLine(samples, column, 8);
  for (let i = 0; i < 64; i++) {
    const place = ZIGZAG[i]!;
    // Rounds to nearest: the offset makes the value positive, and truncation is faster than Math.round().
    coefficients[i] = ((samples[place]! * divisors[place]! + 16384.5) | 0) - 16384;
  }
}

/** One-dimensional DCT. Even basis functions are symmetric and odd ones antisymmetric, which halves the products. */
function transformLine(samples: Float64Array, start: number, stride: number): void {
  const a = samples[start]!;
  const b = samples[start + stride]!;
  const c = samples[start + 2 * stride]!;
  const d = samples[start + 3 * stride]!;
  const e = samples[start + 4 * stride]!;
  const f = samples[start + 5 * stride]!;
  const g = samples[start + 6 * stride]!;
  const h = samples[start + 7 * stride]!;
  for (let frequency = 0; frequency < 8; frequency++) {
    const sign = 1 - 2 * (frequency & 1);
    const at = frequency * 8;
    samples[start + frequency * stride] = COSINES[at]! * (a + sign * h) + COSINES[at + 1]! * (b + sign * g) +
      COSINES[at + 2]! * (c + sign * f) + COSINES[at + 3]! * (d + sign * e);
  }
}

/** Huffman-codes one block: the DC difference to the previous block, then the run-length coded AC coefficients. */
function writeBlock(out: BitWriter, coefficients: Int32Array, previous: number): void {
  writeValue(out, DC_CODES, { run: 0, value: coefficients[0]! - previous });
  let run = 0;
  for (let i = 1; i < 64; i++) {
    const value = coefficients[i]!;
    if (value === 0) {
      run++;
      continue;
    }
    for (; run > 15; run -= 16) out.bits(AC_CODES.words[0xf0]!, AC_CODES.lengths[0xf0]!);
    writeValue(out, AC_CODES, { run, value });
    run = 0;
  }
  if (run > 0) out.bits(AC_CODES.words[0]!, AC_CODES.lengths[0]!);
}

/**
 * Writes the code of (run, size), then the value in `size` bits, with one subtracted if negative, as the standard
 * requires.
 */
function writeValue(out: BitWriter, codes: Codes, { run, value }: { run: number; value: number }): void {
  const size = 32 - Math.clz32(value < 0 ? -value : value);
  const symbol = run << 4 | size;
  out.bits(codes.words[symbol]!, codes.lengths[symbol]!);
  if (size > 0) out.bits((value < 0 ? value - 1 : value) & ((1 << size) - 1), size);
}
