/**
 * Reads the central directory of zip archives, including zip64.
 *
 * @module
 */
import { readExactly } from "../../base/atomic_file.ts";
import { DataError } from "../../base/errors.ts";
import { openRegularSync } from "../../base/regular_file.ts";
import { quoted, unsafePathReason } from "../../base/safe_path.ts";

/** Record signatures and sizes (PKWARE APPNOTE 6.3.10, section 4.3). */
const END = 0x06054b50;
const END_BYTES = 22;
const END64 = 0x06064b50;
const END64_BYTES = 56;
const LOCATOR64 = 0x07064b50;
const LOCATOR64_BYTES = 20;
const ENTRY = 0x02014b50;
const ENTRY_BYTES = 46;
const MAX_COMMENT = 65535;
/** Size of the buffer through which the directory is read. */
const WINDOW = 1 << 20;
const MAX_ENTRIES = 20_000_000;

/** The location of a member in an archive. */
export interface ZipEntry {
  name: string;
  /** Offset of the local header. */
  offset: number;
  compressedSize: number;
  size: number;
  /** 0 stored, 8 deflated; other methods are not supported. */
  method: number;
  crc32: number;
  encrypted: boolean;
}

/** The files of an archive by name. */
export interface ZipDirectory {
  path: string;
  entries: ReadonlyMap<string, ZipEntry>;
  /** Rejected members with the reason: unsafe or duplicate names, or data outside the archive. */
  refused: { name: string; reason: string }[];
}

/**
 * Reads an archive's central directory (including zip64) without the members' data. Folders are skipped; members with
 * unsafe names are listed in `refused`.
 *
 * @throws {DataError} if the file is not a zip archive, is truncated, or spans several disks.
 */
export function readZipDirectory(path: string): ZipDirectory {
  using opened = openRegularSync(path, { maxBytes: Infinity, kind: "a zip archive" });
  const { file, size: fileSize } = opened;
  const end = findEnd(file, { path, fileSize });
  const entries = new Map<string, ZipEntry>();
  const refused: ZipDirectory["refused"] = [];
  const window = new Window(file, { path, start: end.offset, end: end.offset + end.size });
  for (let i = 0; i < end.count; i++) {
    const entry = readEntry(window, path);
    if (entry.name.endsWith("/")) continue;
    const reason = unsafePathReason(entry.name) ??
      (entries.has(entry.name) ? "the name is listed twice" : undefined) ??
      (entry.offset + entry.compressedSize > end.offset ? "its data would lie outside the archive" : undefined);
    if (reason !== undefined) refused.push({ name: quoted(entry.name), reason });
    else entries.set(entry.name, entry);
  }
  return { path, entries, refused };
}

interface End {
  count: number;
  offset: number;
  size: number;
}

/** Finds the end-of-central-directory record, which may be followed by a comment. */
function findEnd(file: Deno.FsFile, { path, fileSize }: { path: string; fileSize: number }): End {
  const tail = new Uint8Array(Math.min(fileSize, END_BYTES + MAX_COMMENT));
  const start = fileSize - tail.length;
  if (!readExactly(file, tail, start)) throw cutOff(path);
  const view = new DataView(tail.buffer);
  for (let at = tail.length - END_BYTES; at >= 0; at--) {
    if (view.getUint32(at, true) !== END || at + END_BYTES + view.getUint16(at + 20, true) > tail.length) continue;
    const found = readEnd(view, at);
    const needs64 = found.count === 0xffff || found.offset === 0xffffffff || found.size === 0xffffffff;
    const end = needs64 ? readEnd64(file, start + at, path) ?? found : found;
    if (view.getUint16(at + 4, true) !== 0 && !needs64) {
      throw new DataError("the zip archive spans several disks; join it first", { file: path });
    }
    if (end.offset + end.size > start + at || end.count > MAX_ENTRIES || end.count * ENTRY_BYTES > end.size) {
      throw new DataError("the zip archive's directory is damaged; fetch the file again", { file: path });
    }
    return end;
  }
  throw new DataError("this is no zip archive, or its end is missing; fetch the file again", { file: path });
}

function readEnd(view: DataView, at: number): End {
  return {
    count: view.getUint16(at + 10, true),
    size: view.getUint32(at + 12, true),
    offset: view.getUint32(at + 16, true),
  };
}

/** The zip64 end record, found through the locator just before the end record. */
function readEnd64(file: Deno.FsFile, endAt: number, path: string): End | undefined {
  const locator = new Uint8Array(LOCATOR64_BYTES);
  if (endAt < LOCATOR64_BYTES || !readExactly(file, locator, endAt - LOCATOR64_BYTES)) return undefined;
  const locatorView = new DataView(locator.buffer);
  if (locatorView.getUint32(0, true) !== LOCATOR64) return undefined;
  const record = new Uint8Array(END64_BYTES);
  const at = safeNumber(locatorView.getBigUint64(8, true), path);
  if (at > endAt - END64_BYTES || !readExactly(file, record, at)) throw cutOff(path);
  const view = new DataView(record.buffer);
  if (view.getUint32(0, true) !== END64) throw cutOff(path);
  return {
    count: safeNumber(view.getBigUint64(32, true), path),
    size: safeNumber(view.getBigUint64(40, true), path),
    offset: safeNumber(view.getBigUint64(48, true), path),
  };
}

/** Buffered sequential reads of a section of a file. */
class Window {
  readonly #file: Deno.FsFile;
  readonly #path: string;
  readonly #end: number;
  #at: number;
  #bytes = new Uint8Array(0);
  #used = 0;

  constructor(file: Deno.FsFile, options: { path: string; start: number; end: number }) {
    this.#file = file;
    this.#path = options.path;
    this.#at = options.start;
    this.#end = options.end;
  }

  /** The next `length` bytes. */
  take(length: number): Uint8Array {
    if (this.#used + length > this.#bytes.length) this.#fill(length);
    const taken = this.#bytes.subarray(this.#used, this.#used + length);
    this.#used += length;
    return taken;
  }

  #fill(length: number): void {
    const rest = this.#bytes.subarray(this.#used);
    const fresh = Math.min(Math.max(WINDOW, length) - rest.length, this.#end - this.#at);
    const bytes = new Uint8Array(rest.length + fresh);
    bytes.set(rest);
    if (bytes.length < length || !readExactly(this.#file, bytes.subarray(rest.length), this.#at)) {
      throw cutOff(this.#path);
    }
    this.#at += fresh;
    this.#bytes = bytes;
    this.#used = 0;
  }
}

function readEntry(window: Window, path: string): ZipEntry {
  const fixed = window.take(ENTRY_BYTES).slice();
  const view = new DataView(fixed.buffer);
  if (view.getUint32(0, true) !== ENTRY) {
    throw new DataError("the zip archive's directory is damaged; fetch the file again", { file: path });
  }
  const name = new TextDecoder().decode(window.take(view.getUint16(28, true)));
  const extra = window.take(view.getUint16(30, true)).slice();
  window.take(view.getUint16(32, true));
  const sizes = {
    size: view.getUint32(24, true),
    compressedSize: view.getUint32(20, true),
    offset: view.getUint32(42, true),
  };
  return {
    name,
    ...widen(sizes, extra, path),
    method: view.getUint16(10, true),
    crc32: view.getUint32(16, true),
    encrypted: (view.getUint16(8, true) & 1) === 1,
  };
}

type Sizes = Pick<ZipEntry, "size" | "compressedSize" | "offset">;

/** Replaces saturated 32-bit fields, in this order, with their 64-bit values from the zip64 extra field (id 1). */
function widen(sizes: Sizes, extra: Uint8Array, path: string): Sizes {
  const saturated = (["size", "compressedSize", "offset"] as const).filter((field) => sizes[field] === 0xffffffff);
  if (saturated.length === 0) return sizes;
  const view = new DataView(extra.buffer, extra.byteOffset, extra.byteLength);
  for (let at = 0; at + 4 <= extra.length;) {
    const length = view.getUint16(at + 2, true);
    if (view.getUint16(at, true) === 1 && length >= 8 * saturated.length && at + 4 + length <= extra.length) {
      const wide = { ...sizes };
      saturated.forEach((field, i) => wide[field] = safeNumber(view.getBigUint64(at + 4 + 8 * i, true), path));
      return wide;
    }
    at += 4 + length;
  }
  return sizes;
}

function safeNumber(value: bigint, path: string): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw cutOff(path);
  return Number(value);
}

function cutOff(path: string): DataError {
  return new DataError("the zip archive is cut off or damaged; fetch the file again", { file: path });
}
