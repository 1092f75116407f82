/**
 * The columns of a Parquet file.
 *
 * @module
 */
import type { Footer, SchemaElement } from "./footer.ts";
import { damaged } from "./parquet_error.ts";

/** Physical types by number. */
export const PHYSICAL_TYPES = [
  "BOOLEAN",
  "INT32",
  "INT64",
  "INT96",
  "FLOAT",
  "DOUBLE",
  "BYTE_ARRAY",
  "FIXED_LEN_BYTE_ARRAY",
] as const;

/** A physical type, or a half-precision float, which is stored as two bytes. */
export type ColumnType = typeof PHYSICAL_TYPES[number] | "FLOAT16";

/** A column of values: a leaf of the schema. */
export interface Column {
  /** Name of the table's column that it belongs to. */
  readonly name: string;
  /** Its number among the leaves. */
  readonly index: number;
  readonly type: ColumnType;
  /** One value per row, one list of values per row, or something else, which is not read. */
  readonly shape: "flat" | "list" | "other";
  /** Definition level of a value that is there. */
  readonly maxDefinition: number;
  /** Definition level from which a list has an element, if only null. */
  readonly elementDefinition: number;
}

/** Deeper than any table. */
const MAX_DEPTH = 64;

interface Node {
  readonly name: string;
  remaining: number;
  readonly definition: number;
  readonly repetition: number;
  readonly elementDefinition: number;
}

/**
 * Lists the columns in the order of the footer's chunks.
 *
 * @throws {ParquetError} for a schema that is no tree, or groups of rows whose columns are not the schema's.
 */
export function listColumns({ schema, groups }: Footer): Column[] {
  const columns: Column[] = [];
  const root = schema[0]!;
  const open: Node[] = [{ name: "", remaining: root.children, definition: 0, repetition: 0, elementDefinition: 0 }];
  const leaves = new Map<string, number>();
  for (const element of schema.slice(1)) {
    while (open.at(-1)?.remaining === 0) open.pop();
    const parent = open.at(-1);
    if (parent === undefined) throw damaged("its schema is no tree");
    parent.remaining--;
    const node = childOf(parent, element, open.length);
    if (element.type === undefined) {
      if (open.length === MAX_DEPTH) throw damaged("its columns are nested too deeply");
      open.push(node);
      continue;
    }
    if (element.children > 0) throw damaged("its schema is no tree");
    leaves.set(node.name, (leaves.get(node.name) ?? 0) + 1);
    columns.push(columnOf(element, { node, index: columns.length, depth: open.length }));
  }
  if (open.some(({ remaining }) => remaining > 0)) throw damaged("its schema is cut off");
  for (const group of groups) {
    const fits = group.columns.length === columns.length &&
      group.columns.every(({ type }, i) => type === schemaType(columns[i]!));
    if (!fits) throw damaged("the columns of a group of rows are not those of its schema");
  }
  return columns.map((column) => leaves.get(column.name) === 1 ? column : { ...column, shape: "other" });
}

function childOf(parent: Node, element: SchemaElement, depth: number): Node {
  const definition = parent.definition + (element.repetition === 0 ? 0 : 1);
  const isRepeated = element.repetition === 2;
  return {
    name: depth === 1 ? element.name : parent.name,
    remaining: element.children,
    definition,
    repetition: parent.repetition + (isRepeated ? 1 : 0),
    elementDefinition: isRepeated ? definition : parent.elementDefinition,
  };
}

function columnOf(
  element: SchemaElement,
  { node, index, depth }: { node: Node; index: number; depth: number },
): Column {
  const physical = PHYSICAL_TYPES[element.type!];
  if (physical === undefined) throw damaged("a column has an unknown type");
  const isHalf = element.isFloat16 && physical === "FIXED_LEN_BYTE_ARRAY" && element.typeLength === 2;
  const shape = node.repetition === 0 && depth === 1 ? "flat" : node.repetition === 1 ? "list" : "other";
  return {
    name: node.name,
    index,
    type: isHalf ? "FLOAT16" : physical,
    shape,
    maxDefinition: node.definition,
    elementDefinition: node.elementDefinition,
  };
}

function schemaType({ type }: Column): number {
  return PHYSICAL_TYPES.indexOf(type === "FLOAT16" ? "FIXED_LEN_BYTE_ARRAY" : type);
}
