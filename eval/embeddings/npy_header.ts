/**
 * The header of a .npy file, versions 1 to 3.
 *
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 * @module
 */
import { DataError } from "../../base/errors.ts";
import { quoted } from "../../base/safe_path.ts";
import type { ElementLayout, ElementType } from "./element_type.ts";

/** The first bytes of every .npy file. */
const MAGIC = "\x93NUMPY";
/** Bytes of the magic string, the version and the longest field of the header's length. */
export const NPY_PREFIX_BYTES = 12;
/** Headers of arrays with a plain type have about a hundred bytes. */
const MAX_HEADER_BYTES = 2 ** 16;

/** A header that has been checked. */
export interface NpyHeader {
  /** Lengths of the axes. */
  readonly shape: readonly number[];
  /** Whether the first axis varies fastest (column-major). */
  readonly fortran: boolean;
  /** How the elements are stored. */
  readonly layout: ElementLayout;
  /** Where the data start in the file. */
  readonly dataStart: number;
}

/** Whether a file starts like a .npy file. */
export function isNpy(start: Uint8Array): boolean {
  return [...MAGIC].every((character, i) => start[i] === character.charCodeAt(0));
}

/**
 * Computes where the header ends from the file's first {@linkcode NPY_PREFIX_BYTES}.
 *
 * @throws {DataError} for an unknown version, or a header that is longer than the file or than any header.
 */
export function npyHeaderEnd(start: Uint8Array, { file, fileBytes }: { file: string; fileBytes: number }): number {
  if (start.length < NPY_PREFIX_BYTES) throw new DataError("the .npy file is cut off in its header", { file });
  const view = new DataView(start.buffer, start.byteOffset, start.length);
  const major = view.getUint8(6);
  if (major < 1 || major > 3) {
    throw new DataError(`the .npy file has version ${major}.${view.getUint8(7)}; versions 1 to 3 are read`, { file });
  }
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > MAX_HEADER_BYTES) {
    throw new DataError(`the .npy header claims ${length} bytes; that of an array of floats has under 65,536`, {
      file,
    });
  }
  const end = (major === 1 ? 10 : 12) + length;
  if (end > fileBytes) throw new DataError("the .npy file is cut off in its header", { file });
  return end;
}

/**
 * Parses and checks a header.
 *
 * @param start The file's first bytes, up to {@linkcode npyHeaderEnd}.
 * @throws {DataError} for a header that is no dictionary of descr, fortran_order and shape, a type that is not
 * floating point, and an array of another size than the file's.
 */
export function parseNpyHeader(
  start: Uint8Array,
  options: { file: string; fileBytes: number; itemBytes: Readonly<Record<ElementType, number>> },
): NpyHeader {
  const { file, fileBytes } = options;
  const dataStart = npyHeaderEnd(start, options);
  const begin = start[6] === 1 ? 10 : 12;
  const fields = parseDictionary(new TextDecoder().decode(start.subarray(begin, dataStart)), file);
  const layout = layoutOf(fields.descr, file);
  const shape = fields.shape;
  const bytes = shape.reduce((product, length) => product * length, options.itemBytes[layout.type]);
  if (bytes !== fileBytes - dataStart) {
    throw new DataError(
      `an array of shape (${shape.join(", ")}) and type ${quoted(fields.descr)} has ${bytes} bytes, but the file ` +
        `holds ${fileBytes - dataStart}: it is cut off or has something appended`,
      { file },
    );
  }
  return { shape, fortran: fields.fortran, layout, dataStart };
}

/** Parses `{'descr': '<f4', 'fortran_order': False, 'shape': (900, 16), }`. */
function parseDictionary(text: string, file: string): { descr: string; fortran: boolean; shape: number[] } {
  const found = new Map<string, string>();
  const inner = /^\s*\{([^]*)\}\s*$/.exec(text)?.[1];
  const entry = /\s*(['"])(\w+)\1\s*:\s*('[^']*'|"[^"]*"|True|False|\([\d,\sL]*\))\s*(?:,|$)/y;
  while (inner !== undefined && entry.lastIndex < inner.length) {
    const at = entry.lastIndex;
    const match = entry.exec(inner);
    if (match === null) {
      if (inner.slice(at).trim() === "") break;
      const structured = /'descr'\s*:\s*\[/.test(inner);
      throw new DataError(
        structured
          ? "the array has named fields; save one array of floats, one row for each id"
          : "the .npy header is not a dictionary of descr, fortran_order and shape",
        { file },
      );
    }
    found.set(match[2]!, match[3]!);
  }
  const [descr, fortran, shape] = ["descr", "fortran_order", "shape"].map((key) => found.get(key));
  if (!/^['"]/.test(descr ?? "") || !/^(True|False)$/.test(fortran ?? "") || !shape?.startsWith("(")) {
    throw new DataError("the .npy header is not a dictionary of descr, fortran_order and shape", { file });
  }
  // Python 2 wrote long integers as 900L.
  const lengths = shape.slice(1, -1).split(",").map((word) => word.trim().replace(/L$/, "")).filter((word) => word);
  return { descr: descr!.slice(1, -1), fortran: fortran === "True", shape: lengths.map(Number) };
}

const TYPES: Readonly<Record<string, ElementType>> = { f2: "f16", f4: "f32", f8: "f64" };

function layoutOf(descr: string, file: string): ElementLayout {
  const [, order, name] = /^([<>=|]?)(\w+)$/.exec(descr) ?? [];
  const type = name !== undefined && Object.hasOwn(TYPES, name) ? TYPES[name] : undefined;
  if (type === undefined) {
    throw new DataError(
      `the array has the type ${
        quoted(descr)
      }; embeddings must be float16, float32 or float64 (\`.astype("float32")\`)`,
      { file },
    );
  }
  return { type, bigEndian: order === ">" };
}
