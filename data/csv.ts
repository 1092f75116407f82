import { CsvRecords, CsvSyntaxError } from "./csv_records.ts";
import { DataError } from "./errors.ts";
import { quoted } from "./safe_path.ts";
import { readChunks } from "./read_chunks.ts";

/** What {@linkcode readCsv} needs to know. */
export interface ReadCsvOptions {
  /** Columns that must be there; `onRow` gets their cells in this order. */
  columns: readonly string[];
  /** Other spellings in the header: spelling -> name in `columns`. */
  aliases?: Readonly<Record<string, string>>;
  /**
   * One record: the cells of `columns`, trimmed of nothing, and the line it ends on (the header is line 1). The array is
   * reused between calls. What it throws ends the reading.
   */
  onRow: (cells: readonly string[], line: number) => void;
  /** A record with another number of fields than the header. Throws when left out. */
  onRagged?: (line: number, fields: number, expected: number) => void;
  signal?: AbortSignal;
}

/**
 * Reads a CSV file (`.gz`: gzipped) by column name as a stream, in bounded memory. A byte order mark, CRLF and quotes
 * are understood. Returns the number of records.
 *
 * @throws {DataError} naming file, line and column: a missing file, an empty one, a missing or repeated column, an
 * unclosed quote, a broken gzip stream.
 */
export async function readCsv(path: string, options: ReadCsvOptions): Promise<number> {
  const reader = new RecordReader(path, options);
  const records = new CsvRecords((fields, line) => reader.record(fields, line));
  const decoder = new TextDecoder();
  try {
    for await (const chunk of readChunks(path)) {
      options.signal?.throwIfAborted();
      records.push(decoder.decode(chunk, { stream: true }));
    }
    records.push(decoder.decode());
    records.finish();
  } catch (error) {
    throw inputError(path, error);
  }
  if (!reader.sawHeader) {
    throw new DataError("the file is empty; a CSV file with a header line is required.", { file: path });
  }
  return reader.count;
}

/** Turns records into the cells asked for. */
class RecordReader {
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

  record(record: string[], line: number): void {
    if (this.sawHeader) this.#row(record, line);
    else this.#header(record, line);
  }

  #header(record: string[], line: number): void {
    this.sawHeader = true;
    this.#fields = record.length;
    const names = record.map((name) => this.#options.aliases?.[name.trim()] ?? name.trim());
    this.#positions = this.#options.columns.map((column) => {
      const position = names.indexOf(column);
      if (position < 0) {
        throw new DataError(`the column is missing; the header has ${listNames(record)}.`, {
          file: this.#path,
          line,
          column,
        });
      }
      if (names.indexOf(column, position + 1) >= 0) {
        throw new DataError("the column appears twice; remove one.", { file: this.#path, line, column });
      }
      return position;
    });
  }

  #row(record: string[], line: number): void {
    this.count++;
    if (record.length !== this.#fields) {
      const { onRagged } = this.#options;
      if (onRagged === undefined) {
        throw new DataError(`${record.length} fields where the header has ${this.#fields}.`, {
          file: this.#path,
          line,
        });
      }
      onRagged(line, record.length, this.#fields);
      return;
    }
    for (let i = 0; i < this.#positions.length; i++) this.#cells[i] = record[this.#positions[i]!]!;
    this.#options.onRow(this.#cells, line);
  }
}

function listNames(names: readonly string[]): string {
  const shown = names.slice(0, 20).map((name) => quoted(name)).join(", ");
  return names.length > 20 ? `${shown}, ...` : shown;
}

function inputError(path: string, error: unknown): unknown {
  if (error instanceof CsvSyntaxError) return new DataError(`${error.message}.`, { file: path, line: error.line });
  const code = (error as { code?: string }).code;
  if (code === "ENOENT") return new DataError("the file is missing.", { file: path });
  if (code === "EISDIR") return new DataError("this is a directory, not a file.", { file: path });
  if (code?.startsWith("Z_")) {
    return new DataError(`the gzip data is damaged or cut off (${messageOf(error)}); fetch the file again.`, {
      file: path,
    });
  }
  return error;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
