/**
 * Reads structures in Thrift's compact protocol, of which Parquet's footer and page headers consist.
 *
 * Nothing is built for what a caller does not ask for, and no length is believed before the bytes are there: memory and
 * time are bounded by the bytes given.
 *
 * @see https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 * @module
 */
import { damaged } from "./parquet_error.ts";

/** Kinds of values. */
const KIND = {
  true: 1,
  false: 2,
  byte: 3,
  i16: 4,
  i32: 5,
  i64: 6,
  double: 7,
  binary: 8,
  list: 9,
  set: 10,
  map: 11,
  struct: 12,
} as const;

/** Deeper than any structure of Parquet. */
const MAX_DEPTH = 16;

/** Reads one structure after the other from bytes. */
export class ThriftReader {
  /** Offset of the next byte. */
  at = 0;
  readonly #bytes: Uint8Array;
  /** Kind of the value that comes next. */
  #kind: number = KIND.struct;
  /** Whether the next value is an element of a list, where booleans have a byte of their own. */
  #inList = false;
  #depth = 0;

  /** Starts with a structure. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /**
   * Reads a structure.
   *
   * @param onField Is given the number of each field and reads its value, or returns `false` to have it skipped.
   */
  struct(onField: (field: number) => unknown): void {
    this.#require(this.#kind === KIND.struct);
    if (++this.#depth > MAX_DEPTH) throw damaged("its structures are nested too deeply");
    for (let field = 0;;) {
      const head = this.#byte();
      const kind = head & 15;
      if (kind === 0) break;
      field = head >> 4 !== 0 ? field + (head >> 4) : this.#zigzag();
      this.#kind = kind;
      this.#inList = false;
      if (onField(field) === false) this.#skip(kind);
    }
    this.#depth--;
  }

  /** Reads a list, calling `onElement` to read each element. */
  list(onElement: () => void): void {
    this.#require(this.#kind === KIND.list || this.#kind === KIND.set);
    const head = this.#byte();
    const count = head >> 4 === 15 ? this.#varint() : head >> 4;
    // Every element has at least a byte.
    if (count > this.#bytes.length - this.at) throw damaged("a list in its metadata is cut off");
    for (let i = 0; i < count; i++) {
      this.#kind = head & 15;
      this.#inList = true;
      onElement();
    }
  }

  /** Reads an integer. */
  integer(): number {
    this.#require(this.#kind >= KIND.i16 && this.#kind <= KIND.i64);
    return this.#zigzag();
  }

  /** Reads a count, a length or an offset. */
  count(): number {
    const value = this.integer();
    if (value < 0) throw damaged("a count in its metadata is negative");
    return value;
  }

  /** Reads a truth value. */
  boolean(): boolean {
    this.#require(this.#kind === KIND.true || this.#kind === KIND.false);
    return (this.#inList ? this.#byte() : this.#kind) === KIND.true;
  }

  /** Reads a text. */
  text(): string {
    this.#require(this.#kind === KIND.binary);
    const begin = this.#binary();
    return new TextDecoder().decode(this.#bytes.subarray(begin, this.at));
  }

  #skip(kind: number): void {
    this.#kind = kind;
    if (kind === KIND.struct) this.struct(() => false);
    else if (kind === KIND.list || kind === KIND.set) this.#skipList();
    else if (kind === KIND.map) this.#skipMap();
    else if (kind === KIND.binary) this.#binary();
    else if (kind === KIND.double) this.#advance(8);
    else if (kind === KIND.byte) this.#advance(1);
    else if (kind >= KIND.i16 && kind <= KIND.i64) this.#zigzag();
    else if (kind === KIND.true || kind === KIND.false) this.boolean();
    else throw damaged("its metadata have a value of an unknown kind");
  }

  #skipList(): void {
    if (++this.#depth > MAX_DEPTH) throw damaged("its structures are nested too deeply");
    this.list(() => this.#skip(this.#kind));
    this.#depth--;
  }

  #skipMap(): void {
    if (++this.#depth > MAX_DEPTH) throw damaged("its structures are nested too deeply");
    const count = this.#varint();
    if (count > this.#bytes.length - this.at) throw damaged("a map in its metadata is cut off");
    const kinds = count > 0 ? this.#byte() : 0;
    for (let i = 0; i < 2 * count; i++) {
      this.#inList = true;
      this.#skip(i % 2 === 0 ? kinds >> 4 : kinds & 15);
    }
    this.#depth--;
  }

  /** Passes a length and that many bytes; returns where they begin. */
  #binary(): number {
    const length = this.#varint();
    this.#advance(length);
    return this.at - length;
  }

  #advance(bytes: number): void {
    if (bytes > this.#bytes.length - this.at) throw damaged("its metadata are cut off");
    this.at += bytes;
  }

  #byte(): number {
    this.#advance(1);
    return this.#bytes[this.at - 1]!;
  }

  #varint(): number {
    // Above 2^53 there are neither lengths nor offsets; a double holds what is below exactly.
    let value = 0;
    for (let scale = 1;; scale *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * scale;
      if (value > 2 * Number.MAX_SAFE_INTEGER) throw damaged("a number in its metadata is too large");
      if (byte < 128) return value;
    }
  }

  #zigzag(): number {
    const value = this.#varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  #require(matches: boolean): void {
    if (!matches) throw damaged("a field of its metadata has another kind than the format says");
  }
}
