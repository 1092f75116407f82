/**
 * The header of a safetensors file: 8 bytes of little-endian length, then JSON with the location of each tensor's
 * data.
 *
 * Headers are untrusted input. A dedicated parser accepts only this format (it builds no general JSON values and
 * detects duplicate names, which `JSON.parse` ignores), and all sizes are checked against the file's length before
 * any memory is allocated.
 *
 * @see https://github.com/huggingface/safetensors#format
 * @module
 */

/** The file is not valid safetensors; the message says what is wrong and where. */
export class SafetensorsError extends Error {
  /** Name of the class. */
  override name = "SafetensorsError";
}

/** An element type in the format's naming. */
export type Dtype =
  | "BOOL"
  | "U8"
  | "I8"
  | "F8_E5M2"
  | "F8_E4M3"
  | "I16"
  | "U16"
  | "F16"
  | "BF16"
  | "I32"
  | "U32"
  | "F32"
  | "F64"
  | "I64"
  | "U64";

/** Bytes of one element by element type. */
const ITEM_BYTES: Readonly<Record<Dtype, number>> = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  F64: 8,
  I64: 8,
  U64: 8,
};

/** One tensor of the header. */
export interface TensorInfo {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** First byte, counted from the end of the header. */
  readonly begin: number;
  /** One past the last byte. */
  readonly end: number;
}

/** A header that has been checked. */
export interface Header {
  /** Tensors in the order of the header. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** The strings of `__metadata__`. */
  readonly metadata: ReadonlyMap<string, string>;
  /** Where the data start in the file. */
  readonly dataStart: number;
}

/** Largest header that the format allows. */
const MAX_HEADER_BYTES = 100_000_000;

/**
 * Computes the end of the header from the file's first eight bytes: read that many bytes for {@link parseHeader}.
 *
 * @throws {SafetensorsError} if the header exceeds the file or the format's limit.
 */
export function headerEnd(start: Uint8Array, options: { fileBytes: number }): number {
  if (start.length < 8) {
    throw new SafetensorsError(
      `a safetensors file starts with 8 bytes of header length, but there are only ${start.length}`,
    );
  }
  const length = new DataView(start.buffer, start.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES)) {
    throw new SafetensorsError(`the header claims ${length} bytes, but at most ${MAX_HEADER_BYTES} are allowed`);
  }
  const end = 8 + Number(length);
  if (end > options.fileBytes) {
    throw new SafetensorsError(
      `the header claims ${length} bytes, but the file has only ${options.fileBytes}: it is truncated`,
    );
  }
  return end;
}

/**
 * Parses and checks a header.
 *
 * @param start The file's first bytes, at least up to {@link headerEnd}.
 * @param options.fileBytes Length of the whole file.
 * @throws {SafetensorsError} unless the JSON follows the format, dtypes are known, every tensor's size matches its
 * shape and dtype, and the tensors cover the data without gaps or overlaps.
 */
export function parseHeader(start: Uint8Array, options: { fileBytes: number }): Header {
  const dataStart = headerEnd(start, options);
  if (start.length < dataStart) {
    throw new SafetensorsError(`parseHeader() needs the first ${dataStart} bytes of the file, got ${start.length}`);
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(start.subarray(8, dataStart));
  } catch {
    throw new SafetensorsError("the header is not valid UTF-8");
  }
  const { tensors, metadata } = new HeaderParser(text).parse();
  checkCoverage(tensors, options.fileBytes - dataStart);
  return { tensors, metadata, dataStart };
}

function checkCoverage(tensors: ReadonlyMap<string, TensorInfo>, dataBytes: number): void {
  const byPlace = [...tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let covered = 0;
  for (const [name, { begin, end }] of byPlace) {
    if (begin !== covered) {
      throw new SafetensorsError(
        `${quoted(name)}: data_offsets start at ${begin}, but must start where the tensor before ends, at ${covered}`,
      );
    }
    covered = end;
  }
  if (covered !== dataBytes) {
    throw new SafetensorsError(`the tensors cover ${covered} bytes, but the file holds ${dataBytes} bytes of data`);
  }
}

/** A tensor's name for messages, shortened if it is long. */
function quoted(name: string): string {
  return `tensor ${JSON.stringify(name.length > 80 ? `${name.slice(0, 77)}...` : name)}`;
}

/**
 * Reads `{ "name": { "dtype": ..., "shape": [...], "data_offsets": [a, b] }, ..., "__metadata__": { "key": "value",
 * ... } }`.
 */
class HeaderParser {
  #at = 0;

  constructor(readonly text: string) {}

  parse(): { tensors: Map<string, TensorInfo>; metadata: Map<string, string> } {
    const tensors = new Map<string, TensorInfo>();
    const metadata = new Map<string, string>();
    let hasMetadata = false;
    if (this.text[0] !== "{") this.#fail("the header must start with {");
    this.#object((name) => {
      if (name === "__metadata__") {
        if (hasMetadata) this.#fail("__metadata__ is there twice");
        hasMetadata = true;
        this.#object((key) => {
          if (metadata.has(key)) this.#fail(`the metadata have ${JSON.stringify(key.slice(0, 80))} twice`);
          metadata.set(key, this.#string());
        });
      } else {
        if (tensors.has(name)) this.#fail(`${quoted(name)} is there twice`);
        tensors.set(name, this.#tensor(name));
      }
    });
    this.#skipSpace();
    if (this.#at < this.text.length) this.#fail("the header goes on after its closing }");
    return { tensors, metadata };
  }

  #tensor(name: string): TensorInfo {
    let dtype: string | undefined;
    let shape: number[] | undefined;
    let offsets: number[] | undefined;
    this.#object((field) => {
      if (field === "dtype" && dtype === undefined) dtype = this.#string();
      else if (field === "shape" && shape === undefined) shape = this.#integers();
      else if (field === "data_offsets" && offsets === undefined) offsets = this.#integers();
      else this.#fail(`${quoted(name)}: field ${JSON.stringify(field.slice(0, 80))} is unknown or there twice`);
    });
    if (dtype === undefined || shape === undefined || offsets === undefined) {
      throw new SafetensorsError(`${quoted(name)} needs dtype, shape and data_offsets`);
    }
    return checkTensor(name, { dtype, shape, offsets });
  }

  /** Reads an object; `member` is called after each key's colon and must read the value. */
  #object(member: (key: string) => void): void {
    this.#expect("{");
    if (this.#accept("}")) return;
    do {
      const key = this.#string();
      this.#expect(":");
      member(key);
    } while (this.#accept(","));
    this.#expect("}");
  }

  #integers(): number[] {
    const values: number[] = [];
    this.#expect("[");
    if (this.#accept("]")) return values;
    do {
      this.#skipSpace();
      const digits = /(?:0|[1-9]\d{0,15})(?![\d.eE])/y;
      digits.lastIndex = this.#at;
      const [found] = digits.exec(this.text) ?? [];
      const value = Number(found);
      if (found === undefined || !Number.isSafeInteger(value)) this.#fail("expected an integer from 0 to 2^53 - 1");
      this.#at += found.length;
      values.push(value);
    } while (this.#accept(","));
    this.#expect("]");
    return values;
  }

  #string(): string {
    this.#skipSpace();
    const start = this.#at;
    this.#expect('"');
    // Up to the closing quote, which is not escaped by a backslash.
    while (this.#at < this.text.length && this.text[this.#at] !== '"') this.#at += this.text[this.#at] === "\\" ? 2 : 1;
    this.#expect('"', { adjacent: true });
    try {
      return JSON.parse(this.text.slice(start, this.#at)) as string;
    } catch {
      this.#at = start;
      return this.#fail("a string is not valid JSON");
    }
  }

  #skipSpace(): void {
    while (" \n\r\t".includes(this.text[this.#at] ?? "?")) this.#at++;
  }

  #accept(character: string): boolean {
    this.#skipSpace();
    if (this.text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #expect(character: string, options: { adjacent?: boolean } = {}): void {
    if (!options.adjacent) this.#skipSpace();
    if (this.text[this.#at] !== character) this.#fail(`expected ${character}`);
    this.#at++;
  }

  #fail(what: string): never {
    throw new SafetensorsError(`${what} (character ${Math.min(this.#at, this.text.length)} of the header)`);
  }
}

function checkTensor(
  name: string,
  fields: { dtype: string; shape: readonly number[]; offsets: readonly number[] },
): TensorInfo {
  const { dtype, shape, offsets } = fields;
  if (!Object.hasOwn(ITEM_BYTES, dtype)) {
    throw new SafetensorsError(
      `${quoted(name)}: dtype ${JSON.stringify(dtype.slice(0, 20))} is not one of ${
        Object.keys(ITEM_BYTES).join(", ")
      }`,
    );
  }
  const [begin, end] = offsets;
  if (offsets.length !== 2 || begin === undefined || end === undefined || begin > end) {
    throw new SafetensorsError(`${quoted(name)}: data_offsets must be [begin, end] with begin <= end`);
  }
  let bytes: number = ITEM_BYTES[dtype as Dtype];
  for (const size of shape) {
    bytes *= size;
    if (!Number.isSafeInteger(bytes)) throw new SafetensorsError(`${quoted(name)}: its shape has too many elements`);
  }
  if (bytes !== end - begin) {
    throw new SafetensorsError(
      `${quoted(name)}: dtype and shape need ${bytes} bytes, but data_offsets give ${end - begin}`,
    );
  }
  return { dtype: dtype as Dtype, shape, begin, end };
}
