/**
 * The footer of a Parquet file: its schema, and where the columns of each group of rows are.
 *
 * @see https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
 * @module
 */
import { damaged, ParquetError } from "./parquet_error.ts";
import { ThriftReader } from "./thrift.ts";

/** One node of the schema; nodes are stored in depth-first order. */
export interface SchemaElement {
  readonly name: string;
  /** Physical type of a leaf; `undefined` for a group. */
  readonly type: number | undefined;
  /** Bytes of a value of fixed length. */
  readonly typeLength: number;
  /** 0 required, 1 optional, 2 repeated. */
  readonly repetition: number;
  readonly children: number;
  readonly isFloat16: boolean;
}

/** The pages of one column in one group of rows. */
export interface ColumnChunk {
  /** Physical type. */
  readonly type: number;
  readonly codec: number;
  /** Number of values, including nulls and empty lists. */
  readonly values: number;
  /** First byte in the file. */
  readonly start: number;
  /** First byte behind it. */
  readonly end: number;
}

/** A group of rows. */
export interface RowGroup {
  readonly rows: number;
  /** One per leaf of the schema, in its order. */
  readonly columns: readonly ColumnChunk[];
}

/** A footer that has been checked against the file. */
export interface Footer {
  readonly rows: number;
  readonly schema: readonly SchemaElement[];
  readonly groups: readonly RowGroup[];
}

/** Bytes of the footer's length and the magic number behind it. */
export const PARQUET_SUFFIX_BYTES = 8;
/** A thousand columns in a hundred groups of rows take twenty million bytes. */
const MAX_FOOTER_BYTES = 2 ** 26;
const MAX_CHUNKS = 1_000_000;

/** Whether a file starts like a Parquet file, also an encrypted one. */
export function isParquet(start: Uint8Array): boolean {
  return /^PAR[1E]/.test(new TextDecoder().decode(start.subarray(0, 4)));
}

/**
 * Computes the length of the footer from the file's last {@linkcode PARQUET_SUFFIX_BYTES}.
 *
 * @throws {ParquetError} for a file that is cut off or encrypted, or a length that cannot be.
 */
export function footerBytes(suffix: Uint8Array, { fileBytes }: { fileBytes: number }): number {
  const magic = new TextDecoder().decode(suffix.subarray(4));
  if (magic === "PARE") throw new ParquetError("the Parquet file is encrypted; write it without encryption");
  if (suffix.length < PARQUET_SUFFIX_BYTES || magic !== "PAR1") {
    throw new ParquetError("the Parquet file is cut off: it must end with PAR1");
  }
  const bytes = new DataView(suffix.buffer, suffix.byteOffset).getUint32(0, true);
  if (bytes > fileBytes - PARQUET_SUFFIX_BYTES - 4) throw damaged("its footer is longer than the file");
  if (bytes > MAX_FOOTER_BYTES) {
    throw new ParquetError(
      `the Parquet file has ${bytes} bytes of metadata, but at most ${MAX_FOOTER_BYTES} are read; write it with ` +
        "larger groups of rows",
    );
  }
  return bytes;
}

/**
 * Parses a footer.
 *
 * @param options.dataEnd Where the footer begins in the file, so that all data lie before it.
 * @throws {ParquetError} for a footer that is damaged, or contradicts itself or the file.
 */
export function parseFooter(bytes: Uint8Array, { dataEnd }: { dataEnd: number }): Footer {
  const reader = new ThriftReader(bytes);
  const schema: SchemaElement[] = [];
  const groups: RowGroup[] = [];
  let [rows, chunks] = [0, 0];
  reader.struct((field) => {
    if (field === 2) return reader.list(() => schema.push(readElement(reader)));
    if (field === 3) return rows = reader.count();
    if (field !== 4) return false;
    return reader.list(() => {
      const group = readGroup(reader, dataEnd);
      chunks += group.columns.length;
      if (chunks > MAX_CHUNKS) {
        throw new ParquetError(
          `the Parquet file has more than ${MAX_CHUNKS} parts of columns; write it with larger groups of rows`,
        );
      }
      groups.push(group);
    });
  });
  if (schema.length === 0) throw damaged("it has no schema");
  const sum = groups.reduce((total, group) => total + group.rows, 0);
  if (sum !== rows) throw damaged(`it states ${rows} rows, but its groups have ${sum}`);
  return { rows, schema, groups };
}

function readElement(reader: ThriftReader): SchemaElement {
  let [name, type]: [string | undefined, number | undefined] = [undefined, undefined];
  let [typeLength, repetition, children, isFloat16] = [0, 0, 0, false];
  reader.struct((field) => {
    if (field === 1) return type = reader.count();
    if (field === 2) return typeLength = reader.count();
    if (field === 3) return repetition = reader.count();
    if (field === 4) return name = reader.text();
    if (field === 5) return children = reader.count();
    if (field !== 10) return false;
    // The logical type is a union, of which 15 is FLOAT16.
    return reader.struct((kind) => {
      isFloat16 ||= kind === 15;
      return false;
    });
  });
  if (name === undefined) throw damaged("a column has no name");
  if (repetition > 2) throw damaged("a column is neither required, optional nor repeated");
  return { name, type, typeLength, repetition, children, isFloat16 };
}

function readGroup(reader: ThriftReader, dataEnd: number): RowGroup {
  const columns: ColumnChunk[] = [];
  let rows = -1;
  reader.struct((field) => {
    if (field === 1) return reader.list(() => columns.push(readChunk(reader, dataEnd)));
    return field === 3 ? (rows = reader.count()) : false;
  });
  if (rows < 0 || columns.length === 0) throw damaged("a group of rows has no columns or no number of rows");
  return { rows, columns };
}

function readChunk(reader: ThriftReader, dataEnd: number): ColumnChunk {
  let [type, codec, values, bytes, dataPage, dictionaryPage] = [-1, -1, -1, -1, -1, 0];
  reader.struct((field) => {
    if (field === 1) throw new ParquetError("the Parquet file keeps columns in other files; write a single file");
    if (field === 8 || field === 9) {
      throw new ParquetError("the Parquet file has encrypted columns; write it without encryption");
    }
    if (field !== 3) return false;
    return reader.struct((field) => {
      if (field === 1) return type = reader.count();
      if (field === 4) return codec = reader.count();
      if (field === 5) return values = reader.count();
      if (field === 7) return bytes = reader.count();
      if (field === 9) return dataPage = reader.count();
      return field === 11 ? (dictionaryPage = reader.count()) : false;
    });
  });
  if (Math.min(type, codec, values, bytes, dataPage) < 0) throw damaged("a column lacks its type, size or place");
  // Some programs write 0 for a column without a dictionary.
  const start = dictionaryPage > 0 ? Math.min(dictionaryPage, dataPage) : dataPage;
  if (start < 4 || start + bytes > dataEnd) throw damaged("a column lies outside the file's data");
  return { type, codec, values, start, end: start + bytes };
}
