/**
 * Reads CSV files by column name, tolerating the variants that occur in practice.
 *
 * @module
 */
import { DataError } from "../../base/errors.ts";
import { quoted } from "../../base/safe_path.ts";
import { CsvScanner } from "./csv_scanner.ts";
import { decodeText } from "./decode_text.ts";
import { readChunks } from "./read_chunks.ts";

/** Why a record cannot be read: bad quoting or a wrong number of fields. */
export type RowFault = { kind: "quote" } | { kind: "fields"; fields: number; expected: number };

/** Options of {@linkcode readCsv}. */
export interface ReadCsvOptions {
  /** Required columns; `onRow` receives their cells in this order. */
  columns: readonly string[];
  /** Columns of {@linkcode columns} that may be missing: their cells are then empty. */
  optional?: readonly string[];
  /** Alternative spellings in the header, mapped to names in `columns`. */
  aliases?: Readonly<Record<string, string>>;
  /**
   * One record: the cells of `columns`, without the spaces around them, and the line it starts on (the header is line
   * 1). The array is reused between calls. An exception stops the reading.
   */
  onRow: (cells: readonly string[], line: number) => void;
  /** Called for a record that cannot be read; if omitted, such a record is an error. */
  onBadRow?: (line: number, fault: RowFault) => void;
  signal?: AbortSignal | undefined;
}

/**
 * Reads a CSV file by column name as a stream, in bounded memory. Returns the number of records.
 *
 * The file may be gzipped (regardless of its name), UTF-8, UTF-16 or Windows-1252, delimited by commas,
 * semicolons, tabs or bars, with any line endings; see {@linkcode CsvScanner}. Column names are trimmed and, if
 * unambiguous, compared case-insensitively.
 *
 * @throws {DataError} naming file, line and column: a missing file, an empty one, a missing or repeated column, a
 * broken gzip stream, or content that is not text.
 */
export async function readCsv(path: string, options: ReadCsvOptions): Promise<number> {
  const reader = new RecordReader(path, options);
  const scanner = new CsvScanner({
    chooseDelimiter: (candidates) => reader.chooseDelimiter(candidates),
    onRecord: (record, line) => reader.record(record, line),
    onBadQuote: (line) => reader.badQuote(line),
    onTooLong: (line) => reader.tooLong(line),
  });
  try {
    for await (const text of decodeText(readChunks(path), path)) {
      options.signal?.throwIfAborted();
      scanner.push(text);
      if (reader.failure !== undefined) throw reader.failure;
    }
    scanner.end();
  } catch (error) {
    throw reader.failure ?? inputError(path, error);
  }
  if (reader.failure !== undefined) throw reader.failure;
  if (!reader.sawHeader) {
    throw new DataError("the file is empty; a CSV file with a header line is required", { file: path });
  }
  return reader.count;
}

/** Maps records to the requested columns, and stores an exception thrown by a callback. */
class RecordReader {
  failure: unknown;
  count = 0;
  sawHeader = false;
  readonly #path: string;
  readonly #options: ReadCsvOptions;
  #positions: number[] = [];
  #fields = 0;
  readonly #cells: string[];

  constructor(path: string, options: ReadCsvOptions) {
    this.#path = path;
    this.#options = options;
    this.#cells = options.columns.map(() => "");
  }

  /** Chooses the delimiter with which all columns are found, or else the one that yields the most fields. */
  chooseDelimiter(candidates: readonly { delimiter: string; fields: string[] | undefined }[]): string {
    let best = candidates[0]!;
    for (const candidate of candidates) {
      const { fields = [] } = candidate;
      if (fields.length > 1 && this.#columnsFound(fields) > this.#columnsFound(best.fields ?? [])) best = candidate;
    }
    if (this.#columnsFound(best.fields ?? []) > 0) return best.delimiter;
    return candidates.reduce((a, b) => (b.fields?.length ?? 0) > (a.fields?.length ?? 0) ? b : a).delimiter;
  }

  record(record: string[], line: number): boolean {
    return this.#guarded(() => {
      if (!this.sawHeader) this.#header(record, line);
      else this.#row(record, line);
    });
  }

  badQuote(line: number): boolean {
    return this.#guarded(() => {
      if (!this.sawHeader) {
        throw new DataError("the header has a quote inside an unquoted field, or one that is never closed", {
          file: this.#path,
          line,
        });
      }
      this.count++;
      this.#bad(line, { kind: "quote" });
    });
  }

  tooLong(line: number): void {
    this.failure = new DataError(
      "a line is longer than 1 MiB: this is not a CSV file, or its line ends are lost",
      { file: this.#path, line },
    );
  }

  /** Runs a step; false once one has thrown. */
  #guarded(step: () => void): boolean {
    try {
      step();
      return true;
    } catch (error) {
      this.failure = error;
      return false;
    }
  }

  #header(record: string[], line: number): void {
    this.sawHeader = true;
    this.#fields = record.length;
    const header = new Header(record, this.#options.aliases);
    this.#positions = this.#options.columns.map((column) => {
      const found = header.positionsOf(column);
      const place = { file: this.#path, line, column };
      if (found.length === 0) {
        if (this.#options.optional?.includes(column)) return -1;
        throw new DataError(`the column is missing; the header has ${listNames(record)}`, place);
      }
      if (found.length > 1) throw new DataError("the column appears twice; remove one", place);
      return found[0]!;
    });
  }

  #columnsFound(record: readonly string[]): number {
    const header = new Header(record, this.#options.aliases);
    return this.#options.columns.filter((column) => header.positionsOf(column).length > 0).length;
  }

  #row(record: string[], line: number): void {
    this.count++;
    const extra = record.length - this.#fields;
    // Spreadsheets pad rows with empty fields.
    if (extra < 0 || (extra > 0 && record.slice(this.#fields).some((field) => field.trim() !== ""))) {
      return this.#bad(line, { kind: "fields", fields: record.length, expected: this.#fields });
    }
    for (let i = 0; i < this.#positions.length; i++) {
      const position = this.#positions[i]!;
      this.#cells[i] = position < 0 ? "" : record[position]!.trim();
    }
    this.#options.onRow(this.#cells, line);
  }

  #bad(line: number, fault: RowFault): void {
    const { onBadRow } = this.#options;
    if (onBadRow === undefined) throw new DataError(`${describeRowFault(fault)}`, { file: this.#path, line });
    onBadRow(line, fault);
  }
}

/** Describes what is wrong with a row. */
export function describeRowFault(fault: RowFault): string {
  return fault.kind === "quote"
    ? "a quote stands inside an unquoted field, or is never closed"
    : `${fault.fields} fields where the header has ${fault.expected}`;
}

/** Column positions by name. */
class Header {
  readonly #exact: Map<string, number[]>;
  readonly #anyCase: Map<string, number[]>;

  constructor(fields: readonly string[], aliases: Readonly<Record<string, string>> = {}) {
    const names = fields.map((field) => {
      const name = field.trim();
      return Object.hasOwn(aliases, name) ? aliases[name]! : name;
    });
    const positions = names.map((_, i) => i);
    this.#exact = Map.groupBy(positions, (i) => names[i]!);
    this.#anyCase = Map.groupBy(positions, (i) => names[i]!.toLowerCase());
  }

  /** The positions of a name or, if there are none, of case-insensitive matches. */
  positionsOf(column: string): readonly number[] {
    const name = column.trim();
    return this.#exact.get(name) ?? this.#anyCase.get(name.toLowerCase()) ?? [];
  }
}

function listNames(names: readonly string[]): string {
  const shown = names.slice(0, 20).map((name) => quoted(name)).join(", ");
  return names.length > 20 ? `${shown}, ...` : shown;
}

function inputError(path: string, error: unknown): unknown {
  if (error instanceof DataError) return error;
  const code = (error as { code?: string }).code;
  if (code === "ENOENT") return new DataError("the file is missing", { file: path });
  if (code === "EISDIR") return new DataError("this is a directory, not a file", { file: path });
  if (code?.startsWith("Z_")) {
    const reason = error instanceof Error ? error.message : String(error);
    return new DataError(`the gzip data is damaged or cut off (${reason}); fetch the file again`, { file: path });
  }
  return error;
}
