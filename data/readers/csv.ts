import { parse } from "csv-parse";
import { DataError } from "../../base/errors.ts";
import { quoted } from "../../base/safe_path.ts";
import { readChunks } from "./read_chunks.ts";

/** A record longer than this is an unclosed quote or not a CSV file. */
const MAX_RECORD = 1 << 20;

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
  const parser = parse({
    bom: true,
    relax_column_count: true,
    skip_empty_lines: true,
    record_delimiter: ["\r\n", "\n"],
    max_record_size: MAX_RECORD,
    on_record: (record: string[], context: { lines: number }) => {
      reader.record(record, context.lines);
      return null;
    },
  });
  const finished = new Promise<void>((resolve, reject) => {
    parser.on("end", resolve);
    parser.on("error", (error) => reject(csvError(path, error)));
  });
  finished.catch(() => {});
  parser.resume();
  try {
    for await (const chunk of readChunks(path)) {
      options.signal?.throwIfAborted();
      if (!parser.write(chunk)) await Promise.race([new Promise((resolve) => parser.once("drain", resolve)), finished]);
      if (reader.failure !== undefined) throw reader.failure;
    }
    parser.end();
    await finished;
  } catch (error) {
    throw reader.failure ?? inputError(path, error);
  } finally {
    parser.destroy();
  }
  if (reader.failure !== undefined) throw reader.failure;
  if (!reader.sawHeader) {
    throw new DataError("the file is empty; a CSV file with a header line is required.", { file: path });
  }
  return reader.count;
}

/** Turns csv-parse's arrays into the cells asked for, and keeps what a callback threw. */
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

  record(record: string[], line: number): void {
    if (this.failure !== undefined) return;
    try {
      if (!this.sawHeader) this.#header(record, line);
      else this.#row(record, line);
    } catch (error) {
      this.failure = error;
    }
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

/** An error of csv-parse as one of ours, with its line. */
function csvError(path: string, error: unknown): DataError {
  const { code, lines } = error as { code?: string; lines?: number };
  const place = { file: path, ...(typeof lines === "number" ? { line: lines } : {}) };
  if (code === "CSV_QUOTE_NOT_CLOSED") return new DataError("a quote is opened and never closed.", place);
  if (code === "CSV_MAX_RECORD_SIZE") {
    return new DataError("a record is longer than 1 MiB: a quote is not closed, or this is not a CSV file.", place);
  }
  return new DataError(`not a valid CSV record (${messageOf(error)}).`, place);
}

function inputError(path: string, error: unknown): unknown {
  if (error instanceof DataError) return error;
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
