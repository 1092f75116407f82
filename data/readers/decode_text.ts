/**
 * Decodes text of unknown encoding.
 *
 * @module
 */
import { DataError } from "../../base/errors.ts";
import { concatenate } from "./read_chunks.ts";

/** Number of bytes examined to detect the encoding. */
const SAMPLE = 4096;

/** Signatures of files that are not text, and what to do about them. */
const NOT_TEXT: readonly [signature: readonly number[], advice: string][] = [
  [[0x50, 0x4b, 3, 4], "this is a zip archive or a spreadsheet (.xlsx); unpack it, or export the sheet as CSV."],
  [[0xd0, 0xcf, 0x11, 0xe0], "this is an old Excel file (.xls); export the sheet as CSV."],
  [[0x42, 0x5a, 0x68], "this is bzip2 data; decompress it first (gzip is read as it is)."],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a], "this is xz data; decompress it first (gzip is read as it is)."],
  [[0x28, 0xb5, 0x2f, 0xfd], "this is zstd data; decompress it first (gzip is read as it is)."],
  [[0x25, 0x50, 0x44, 0x46], "this is a PDF, not a CSV file."],
  [[0x50, 0x41, 0x52, 0x31], "this is a Parquet file; export it as CSV."],
];

/** Like {@linkcode NOT_TEXT}, for text files that are not tables. */
const NOT_A_TABLE: readonly [start: RegExp, advice: string][] = [
  [/^\s*<(!doctype|html)/i, "this is a web page, perhaps of a login that failed; fetch the table again."],
  [/^version https:\/\/git-lfs/, "this is a Git LFS pointer, not the table; run `git lfs pull`."],
];

/**
 * Decodes UTF-8 and UTF-16, with or without a byte order mark (which is dropped). Bytes that are not UTF-8 are read as
 * Windows-1252, which spreadsheet programs still write, unless non-ASCII UTF-8 came before: then they count as damage
 * and become U+FFFD.
 *
 * @param path Named in errors.
 * @throws {DataError} for archives, spreadsheets, web pages and the like.
 */
export async function* decodeText(
  chunks: AsyncIterable<Uint8Array>,
  path: string,
): AsyncGenerator<string, void, void> {
  let decoder: TextStream | undefined;
  let sample: Uint8Array = new Uint8Array(0);
  for await (const chunk of chunks) {
    if (decoder !== undefined) {
      yield decoder.decode(chunk);
      continue;
    }
    sample = concatenate(sample, chunk);
    if (sample.length < SAMPLE) continue;
    decoder = decoderFor(sample, path);
    yield decoder.decode(sample);
  }
  if (decoder === undefined) {
    if (sample.length === 0) return;
    decoder = decoderFor(sample, path);
    yield decoder.decode(sample);
  }
  yield decoder.end();
}

/** Decodes a complete buffer; see {@linkcode decodeText}. */
export function decodeAllText(bytes: Uint8Array, path: string): string {
  if (bytes.length === 0) return "";
  const decoder = decoderFor(bytes, path);
  return decoder.decode(bytes) + decoder.end();
}

interface TextStream {
  decode(chunk: Uint8Array): string;
  end(): string;
}

function decoderFor(sample: Uint8Array, path: string): TextStream {
  const startsWith = (signature: readonly number[]) => signature.every((byte, i) => sample[i] === byte);
  const binary = NOT_TEXT.find(([signature]) => startsWith(signature));
  if (binary !== undefined) throw new DataError(binary[1], { file: path });
  if (startsWith([0xff, 0xfe, 0, 0]) || startsWith([0, 0, 0xfe, 0xff])) {
    throw new DataError("the text is UTF-32; save it as UTF-8", { file: path });
  }
  if (startsWith([0xff, 0xfe])) return utf16("utf-16le");
  if (startsWith([0xfe, 0xff])) return utf16("utf-16be");
  const nuls = countNuls(sample.subarray(0, SAMPLE));
  const half = Math.min(sample.length, SAMPLE) / 2;
  // Most of a table's characters are ASCII: in UTF-16 every other byte is 0. A few zeros are merely damaged cells.
  if (nuls.even + nuls.odd > 0.1 * half) {
    if (nuls.odd > 0.3 * half && nuls.even < 0.05 * half) return utf16("utf-16le");
    if (nuls.even > 0.3 * half && nuls.odd < 0.05 * half) return utf16("utf-16be");
    throw new DataError("this is not text: it has bytes of 0", { file: path });
  }
  const start = new TextDecoder().decode(sample.subarray(0, 256));
  const other = NOT_A_TABLE.find(([pattern]) => pattern.test(start));
  if (other !== undefined) throw new DataError(other[1], { file: path });
  return new Utf8OrWindows();
}

function utf16(encoding: "utf-16le" | "utf-16be"): TextStream {
  const decoder = new TextDecoder(encoding);
  return { decode: (chunk) => decoder.decode(chunk, { stream: true }), end: () => decoder.decode() };
}

function countNuls(sample: Uint8Array): { even: number; odd: number } {
  const nuls = { even: 0, odd: 0 };
  sample.forEach((byte, i) => {
    if (byte === 0) nuls[i % 2 === 0 ? "even" : "odd"]++;
  });
  return nuls;
}

/** Decodes UTF-8 until the first invalid byte. */
class Utf8OrWindows implements TextStream {
  #strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  #fallback: TextDecoder | undefined;
  #sawUnicode = false;
  #first = true;
  /** The first bytes of a character that continues in the next chunk. */
  #carried: Uint8Array = new Uint8Array(0);

  decode(chunk: Uint8Array): string {
    const bytes = concatenate(this.#carried, chunk);
    const whole = this.#fallback === undefined ? wholeCharacters(bytes) : bytes.length;
    this.#carried = bytes.slice(whole);
    return this.#convert(bytes.subarray(0, whole));
  }

  end(): string {
    const rest = this.#convert(this.#carried);
    this.#carried = new Uint8Array(0);
    return rest;
  }

  #convert(bytes: Uint8Array): string {
    let text: string;
    try {
      text = (this.#fallback ?? this.#strict).decode(bytes);
    } catch {
      this.#fallback = new TextDecoder(this.#sawUnicode ? "utf-8" : "windows-1252");
      text = this.#fallback.decode(bytes);
    }
    const hasMark = this.#first && text.startsWith("\uFEFF");
    if (bytes.length > 0) this.#first = false;
    if (hasMark) return text.slice(1);
    this.#sawUnicode ||= text.length !== bytes.length;
    return text;
  }
}

/** The number of bytes up to the last complete character. */
function wholeCharacters(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}
