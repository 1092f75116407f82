/**
 * Opens files of embeddings: .npy, .safetensors and Parquet. Headers are read and checked before any data.
 *
 * @module
 */
import { readExactly } from "../../base/atomic_file.ts";
import { DataError } from "../../base/errors.ts";
import { type OpenedFile, openRegular } from "../../base/regular_file.ts";
import { quoted } from "../../base/safe_path.ts";
import { type Dtype, headerEnd, parseHeader, SafetensorsError } from "../../runtime/files/safetensors_header.ts";
import { ELEMENT_BYTES, type ElementType } from "./element_type.ts";
import { type EmbeddingArray, StoredArray } from "./embedding_array.ts";
import { isNpy, NPY_PREFIX_BYTES, npyHeaderEnd, parseNpyHeader } from "./npy_header.ts";
import { isParquet } from "./parquet/footer.ts";
import { openParquet } from "./parquet/open_parquet.ts";
import { ParquetError } from "./parquet/parquet_error.ts";

/** An open file of embeddings. */
export interface EmbeddingFile extends Disposable {
  readonly path: string;
  readonly format: "npy" | "safetensors" | "parquet";
  /** Its two-dimensional arrays. */
  readonly arrays: readonly EmbeddingArray[];
  /**
   * Of a table, reads the columns of the given names that it has, one text per row.
   *
   * @throws {DataError} for columns that are damaged or hold something else than identifiers.
   */
  readonly readTexts?: (names: readonly string[]) => Map<string, string[]>;
}

type Contents = Pick<EmbeddingFile, "format" | "arrays" | "readTexts">;

/** A trillion bytes: only parts of a file are in memory. */
const EMBEDDINGS = { maxBytes: 2 ** 40, kind: "a file of embeddings" };
/** Wider than any embedding in use. */
const MAX_DIMENSION = 65_536;

const TYPES: Readonly<Partial<Record<Dtype, ElementType>>> = { F16: "f16", BF16: "bf16", F32: "f32", F64: "f64" };

/**
 * Opens a file. The format is recognised by its contents, whatever its name.
 *
 * @throws {DataError} for a file that is damaged, cut off, of another format, or holds no array of floats.
 */
export async function openEmbeddingFile(path: string): Promise<EmbeddingFile> {
  const opened = await openRegular(path, EMBEDDINGS).catch((error) => {
    throw error instanceof Deno.errors.NotFound ? new DataError("the file is missing", { file: path }) : error;
  });
  try {
    const file = readHead(path, opened);
    for (const { name, rows, dimension } of file.arrays) {
      const what = name === "" ? "the array" : `the array ${quoted(name)}`;
      if (rows === 0 || dimension === 0) throw new DataError(`${what} is empty`, { file: path });
      if (dimension > MAX_DIMENSION) {
        throw new DataError(
          `${what} has ${dimension} dimensions a row; at most ${MAX_DIMENSION} are accepted, one row for each id`,
          { file: path },
        );
      }
    }
    return { ...file, path, [Symbol.dispose]: () => opened[Symbol.dispose]() };
  } catch (error) {
    opened[Symbol.dispose]();
    if (error instanceof ParquetError) throw new DataError(error.message, { file: path });
    if (!(error instanceof SafetensorsError)) throw error;
    const known = /\.safetensors$/i.test(path);
    throw new DataError(
      known ? error.message : `the file is neither .npy, .safetensors nor Parquet (${error.message})`,
      { file: path },
    );
  }
}

function readHead(path: string, opened: OpenedFile): Contents {
  const start = readPart(opened, Math.min(NPY_PREFIX_BYTES, opened.size), path);
  if (isNpy(start)) return { format: "npy", arrays: [npyArray(path, opened, start)] };
  if (isParquet(start)) return parquetTable(path, opened);
  if (start[0] === 0x50 && start[1] === 0x4b) {
    throw new DataError("this is a zip archive (.npz or .pt); save one array as .npy or .safetensors", { file: path });
  }
  return { format: "safetensors", arrays: safetensorsArrays(path, opened, start) };
}

/** The table, whose errors name the file. */
function parquetTable(path: string, opened: OpenedFile): Contents {
  const naming = (error: unknown) =>
    error instanceof ParquetError ? new DataError(error.message, { file: path }) : error;
  const table = openParquet(opened);
  return {
    format: "parquet",
    arrays: table.arrays.map((array) => ({
      ...array,
      gather: (slots, into) => array.gather(slots, into).catch((error) => Promise.reject(naming(error))),
    })),
    readTexts: (names) => {
      try {
        return table.readTexts(names);
      } catch (error) {
        throw naming(error);
      }
    },
  };
}

function readPart({ file }: OpenedFile, bytes: number, path: string): Uint8Array {
  const part = new Uint8Array(bytes);
  if (!readExactly(file, part, 0)) throw new DataError("the file became shorter while it was read", { file: path });
  return part;
}

function npyArray(path: string, opened: OpenedFile, start: Uint8Array): StoredArray {
  const where = { file: path, fileBytes: opened.size };
  const head = readPart(opened, npyHeaderEnd(start, where), path);
  const { shape, layout, dataStart, fortran } = parseNpyHeader(head, { ...where, itemBytes: ELEMENT_BYTES });
  const [rows, dimension] = requireMatrix(shape, { path, name: "" });
  return new StoredArray({ path, file: opened.file, name: "", rows, dimension, layout, offset: dataStart, fortran });
}

function safetensorsArrays(path: string, opened: OpenedFile, start: Uint8Array): StoredArray[] {
  const end = headerEnd(start, { fileBytes: opened.size });
  const { tensors, dataStart } = parseHeader(readPart(opened, end, path), { fileBytes: opened.size });
  if (tensors.size === 0) throw new DataError("the file holds no tensor", { file: path });
  return [...tensors].map(([name, { dtype, shape, begin }]) => {
    const type = TYPES[dtype];
    if (type === undefined) {
      throw new DataError(
        `tensor ${quoted(name)} has the type ${dtype}; embeddings must be F16, BF16, F32 or F64`,
        { file: path },
      );
    }
    const [rows, dimension] = requireMatrix(shape, { path, name });
    const layout = { type, bigEndian: false };
    return new StoredArray({
      path,
      file: opened.file,
      name,
      rows,
      dimension,
      layout,
      offset: dataStart + begin,
      fortran: false,
    });
  });
}

function requireMatrix(
  shape: readonly number[],
  { path, name }: { path: string; name: string },
): readonly [number, number] {
  if (shape.length === 2) return [shape[0]!, shape[1]!];
  throw new DataError(
    `${name === "" ? "the array" : `tensor ${quoted(name)}`} has the shape (${shape.join(", ")}); it must have two ` +
      "axes, ids and dimensions",
    { file: path },
  );
}
