/**
 * The identifiers of the rows of an array of embeddings.
 *
 * @module
 */
import { DataError } from "../../base/errors.ts";
import { isMissing } from "../../data/index/cells.ts";
import { readCsv } from "../../data/readers/csv.ts";

/** Columns that may hold the identifier or the path of an image, in the order of preference. */
const IMAGE_COLUMNS = ["dicom_id", "image_id", "image", "path", "path_to_image", "filename", "file"] as const;
/** Columns that may hold the identifier of a study. */
const STUDY_COLUMNS = ["study", "study_id"] as const;

/** Identifiers as columns; a column that the table lacks, or whose cells are all blank, is `undefined`. */
export interface IdTable {
  /** The file. */
  readonly path: string;
  /** Number of rows. */
  readonly rows: number;
  /** Where each row is, for messages: `line 2`. */
  readonly place: (row: number) => string;
  /** One image per row. */
  readonly image: readonly string[] | undefined;
  /** One study per row. */
  readonly study: readonly string[] | undefined;
  /** Name of each row's view. */
  readonly view: readonly string[] | undefined;
  /** For rows that stand for pairs, the image of each view (for a text, whether there is one), by the view's name. */
  readonly pair: ReadonlyMap<string, readonly string[]>;
}

/**
 * Builds the table from named columns.
 *
 * @throws {DataError} if no column holds identifiers.
 */
export function idTable(
  columns: ReadonlyMap<string, readonly string[]>,
  options: { path: string; rows: number; place: (row: number) => string; views: readonly string[] },
): IdTable {
  const { path, rows, place, views } = options;
  const filled = new Map(
    [...columns].filter(([, cells]) => cells.some((cell) => cell !== "")).map(([name, cells]) =>
      [name.toLowerCase(), cells] as const
    ),
  );
  const first = (names: readonly string[]) => names.map((name) => filled.get(name)).find((cells) => cells);
  const pair = new Map(views.flatMap((view) => {
    const cells = filled.get(view.toLowerCase());
    return cells ? [[view, cells] as const] : [];
  }));
  const [image, study] = [first(IMAGE_COLUMNS), first(STUDY_COLUMNS)];
  if (rows > 0 && pair.size === 0 && image === undefined && study === undefined) {
    throw new DataError(
      `no column holds identifiers: name one ${IMAGE_COLUMNS.join(", ")} (of an image) or ${
        STUDY_COLUMNS.join(", ")
      } (of a study)`,
      { file: path },
    );
  }
  return { path, rows, place, image, study, view: filled.get("view"), pair };
}

/**
 * Builds the table from columns that are stored beside the vectors; none if they hold no identifiers.
 *
 * @param readTexts Reads the columns of the given names that there are.
 * @throws {DataError} if these columns are all blank.
 */
export function storedIdTable(
  readTexts: (names: readonly string[]) => ReadonlyMap<string, readonly string[]>,
  { path, views }: { path: string; views: readonly string[] },
): IdTable | undefined {
  const columns = readTexts(idColumns(views));
  const [first] = [...columns].filter(([name]) => name.toLowerCase() !== "view");
  if (first === undefined) return undefined;
  const cells = new Map(
    [...columns].map(([name, texts]) => [name, texts.map((text) => isMissing(text) ? "" : text)]),
  );
  return idTable(cells, { path, rows: first[1].length, place: (row) => `row ${row}`, views });
}

/** The columns that {@linkcode idTable} looks for. */
function idColumns(views: readonly string[]): string[] {
  return [...new Set([...views, ...IMAGE_COLUMNS, ...STUDY_COLUMNS, "view"])];
}

/**
 * Reads a CSV file of identifiers, one row per row of the array and in its order.
 *
 * @param options.views Names of the data's views; columns of these names make rows stand for pairs.
 * @throws {DataError} for a file that is no table, has no identifiers, or whose column `row` does not count from 0.
 */
export async function readIdTable(path: string, { views }: { views: readonly string[] }): Promise<IdTable> {
  const names = ["row", ...idColumns(views)];
  const columns = names.map((): string[] => []);
  const lines: number[] = [];
  await readCsv(path, {
    columns: names,
    optional: names,
    onRow: (cells, line) => {
      const [number] = cells;
      if (number !== "" && Number(number) !== lines.length) {
        throw new DataError(
          `the row is number ${number} where ${lines.length} is expected; rows must be in the array's order`,
          { file: path, line, column: "row" },
        );
      }
      cells.forEach((cell, i) => columns[i]!.push(isMissing(cell) ? "" : cell));
      lines.push(line);
    },
  });
  if (lines.length === 0) throw new DataError("the table of identifiers has a header and no rows", { file: path });
  return idTable(new Map(names.map((name, i) => [name, columns[i]!])), {
    path,
    rows: lines.length,
    place: (row) => `line ${lines[row]}`,
    views,
  });
}
