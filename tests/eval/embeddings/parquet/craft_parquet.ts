/**
 * Makes Parquet files of a single column byte by byte, true to the format or not.
 *
 * @module
 */

/** A field's value: an integer, bytes or text, a list of structures, or a structure by field number. */
export type Thrift = number | string | readonly ThriftFields[] | ThriftFields;
/** A structure by field number. */
export interface ThriftFields {
  readonly [field: number]: Thrift | undefined;
}

/** The bytes of an unsigned number, seven bits each. */
export function varint(value: number): number[] {
  return value < 128 ? [value] : [value % 128 + 128, ...varint(Math.floor(value / 128))];
}

/** Encodes a structure in Thrift's compact protocol, all integers as 64-bit ones. */
export function encodeStruct(fields: ThriftFields): number[] {
  let last = 0;
  const bytes = Object.entries(fields).flatMap(([key, value]: [string, Thrift | undefined]) => {
    if (value === undefined) return [];
    const delta = Number(key) - last;
    last = Number(key);
    return [delta * 16 + kindOf(value), ...encodeValue(value)];
  });
  return [...bytes, 0];
}

function kindOf(value: Thrift): number {
  return typeof value === "number" ? 6 : typeof value === "string" ? 8 : Array.isArray(value) ? 9 : 12;
}

function encodeValue(value: Thrift): number[] {
  if (typeof value === "number") return varint(value < 0 ? -2 * value - 1 : 2 * value);
  if (typeof value === "string") return [...varint(value.length), ...new TextEncoder().encode(value)];
  if (!isList(value)) return encodeStruct(value);
  return [0xfc, ...varint(value.length), ...value.flatMap(encodeStruct)];
}

function isList(value: readonly ThriftFields[] | ThriftFields): value is readonly ThriftFields[] {
  return Array.isArray(value);
}

/** What {@linkcode craftParquet} makes: by default a column `e_0` of one FLOAT, 1. */
export interface CraftOptions {
  readonly rows?: number;
  /** Bytes of the pages with their headers. */
  readonly pages?: readonly number[];
  /** Fields of the column's metadata that differ. */
  readonly chunk?: ThriftFields;
  /** How many groups of rows point to the pages. */
  readonly groups?: number;
  /** The column's schema, behind the root. */
  readonly schema?: readonly ThriftFields[];
  /** A footer instead of the one that this makes. */
  readonly footer?: readonly number[];
}

/** A page without compression, and its header; `fields` are those of the header that differ. */
export function craftPage(data: readonly number[], { values, fields = {}, encoding = 0 }: {
  values: number;
  fields?: ThriftFields;
  encoding?: number;
}): number[] {
  const header = { 1: 0, 2: data.length, 3: data.length, 5: { 1: values, 2: encoding, 3: 3, 4: 3 }, ...fields };
  return [...encodeStruct(header), ...data];
}

/** The bytes of a file. */
export function craftParquet(options: CraftOptions = {}): Uint8Array<ArrayBuffer> {
  const { rows = 1, groups = 1, pages = craftPage([0, 0, 128, 63], { values: rows }) } = options;
  const schema = options.schema ?? [{ 1: 4, 3: 0, 4: "e_0" }];
  const chunk = { 1: 4, 4: 0, 5: rows, 6: pages.length, 7: pages.length, 9: 4, ...options.chunk };
  const group = { 1: [{ 2: 0, 3: chunk }], 2: 0, 3: rows };
  const footer = options.footer ?? encodeStruct({
    1: 2,
    2: [{ 4: "schema", 5: 1 }, ...schema],
    3: rows * groups,
    4: Array.from({ length: groups }, () => group),
  });
  const magic = [...new TextEncoder().encode("PAR1")];
  const length = new Uint8Array(Uint32Array.of(footer.length).buffer);
  return Uint8Array.from([...magic, ...pages, ...footer, ...length, ...magic]);
}
