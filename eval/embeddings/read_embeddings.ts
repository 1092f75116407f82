/**
 * Reads anyone's embeddings as the latents of a data set's pairs.
 *
 * @module
 */
import { dirname, extname, join } from "node:path";
import { DataError } from "../../base/errors.ts";
import { quoted } from "../../base/safe_path.ts";
import type { PairTable } from "../../data/index/pairs.ts";
import type { StudyIndex } from "../../data/index/study_index.ts";
import { exists } from "../../data/readers/find_table.ts";
import type { ViewLatents } from "../protocol/study_table.ts";
import type { EmbeddingArray } from "./embedding_array.ts";
import { openEmbeddingFile } from "./embedding_file.ts";
import { type IdTable, readIdTable, storedIdTable } from "./id_table.ts";
import { JOINT, type MatchedView, matchRows } from "./match_rows.ts";

/** Options of {@linkcode readEmbeddings}. */
export interface ReadEmbeddingsOptions {
  /** The data that the embeddings are of. */
  readonly index: StudyIndex;
  /** The pairs to find embeddings for. */
  readonly pairs: PairTable;
  /**
   * The table of identifiers; by default the columns of a Parquet file, or found beside the file, see
   * {@linkcode findIdTable}.
   */
  readonly ids?: string | undefined;
  /** Whether pairs may lack an embedding; not by default, because subsets would differ from those of other methods. */
  readonly allowMissing?: boolean;
}

/** Embeddings as latents. */
export interface Embeddings {
  /** One per view. */
  readonly views: ViewLatents[];
  /** The table of identifiers that was read. */
  readonly ids: string;
  /** Format of the file. */
  readonly format: string;
  /** Rows that are about images or studies that the data do not list. */
  readonly unlisted: number;
  /** By view, the number of pairs without an embedding. */
  readonly missing: Readonly<Record<string, number>>;
}

/** Most numbers of one view: eight gigabytes. */
const MAX_VALUES = 2 ** 31;

/**
 * Reads a file of embeddings and the identifiers of its rows, and gives every pair of the data the embeddings of its
 * images. A row may stand for an image (column `dicom_id`, `image`, `path`, ...), a study and view (`study_id`,
 * `view`), a study, or a pair (a column of images for each view, as `deno task encode` writes). A Parquet file has
 * these columns itself, or a table beside it like the other formats.
 *
 * Only the header is read before rows are matched; then the file is read in blocks, and only the rows that pairs need
 * are kept.
 *
 * @throws {DataError} in one sentence, naming file and row: for a file that is damaged or of another type, rows and
 * identifiers of different number, an identifier that is there twice or of other data, a value that is not finite, and
 * (unless allowed) pairs without an embedding.
 */
export async function readEmbeddings(path: string, options: ReadEmbeddingsOptions): Promise<Embeddings> {
  const { index, pairs } = options;
  using file = await openEmbeddingFile(path);
  const idViews = [...index.views, "text"];
  const own = options.ids === undefined && file.readTexts
    ? storedIdTable(file.readTexts, { path, views: idViews })
    : undefined;
  const ids = own?.path ?? options.ids ?? findIdTable(path);
  const table = own ?? await readIdTable(ids, { views: idViews });
  const arrays = arraysByView(file.arrays, { path, views: index.views });
  for (const { name, rows } of arrays.values()) {
    if (rows === table.rows) continue;
    throw new DataError(
      `${name === "" ? "the array" : `the array ${quoted(name)}`} has ${rows} rows, but ${ids} has ${table.rows} ` +
        "identifiers; they must be as many and in the same order",
      { file: path },
    );
  }
  const named = [...arrays.keys()].filter((name) => name !== "");
  const matched = matchRows(table, { index, pairs, named });
  const missing: Record<string, number> = {};
  const views: ViewLatents[] = [];
  for (const view of matched.views) {
    const array = arrays.get(view.view) ?? arrays.get("")!;
    missing[view.view] = countMissing(view, { path, table, ...options });
    views.push(await latentsOf(view, { array, pairs, path, table }));
  }
  return { views, ids, format: file.format, unlisted: matched.unlisted, missing };
}

/**
 * The table of identifiers that belongs to a file of embeddings: `NAME.ids.csv`, `NAME.csv` or `ids.csv` beside it.
 *
 * @throws {DataError} if there is none.
 */
export function findIdTable(path: string): string {
  const stem = path.slice(0, path.length - extname(path).length);
  const places = [`${stem}.ids.csv`, `${stem}.csv`, join(dirname(path), "ids.csv")];
  const found = places.find((place) => exists(place, "file"));
  if (found !== undefined) return found;
  throw new DataError(
    `no table of identifiers is beside it (${
      places.join(", ")
    }); write one row for each row of the array, with a column ` +
      "such as dicom_id or study_id, or name it by --ids",
    { file: path },
  );
}

/** The arrays by view: those named after a view (`frontal` or `mu.frontal`), or a single one for all rows. */
function arraysByView(
  arrays: readonly EmbeddingArray[],
  { path, views }: { path: string; views: readonly string[] },
): Map<string, EmbeddingArray> {
  const known = [...views, "text", JOINT];
  const byView = new Map<string, EmbeddingArray>();
  for (const array of arrays) {
    const view = array.name.replace(/^mu\./, "");
    if (!known.includes(view)) continue;
    if (byView.has(view)) throw new DataError(`two arrays are of the view ${view}; remove one`, { file: path });
    byView.set(view, array);
  }
  // `deno task encode` also writes the variances of posteriors, which probes do not see.
  const others = arrays.filter(({ name }) => !known.includes(name.replace(/^(mu|logvar)\./, "")));
  if (byView.size === 0 && others.length === 1) return new Map([["", others[0]!]]);
  if (byView.size > 0 && others.length === 0) return byView;
  throw new DataError(
    `its arrays are ${arrays.map(({ name }) => quoted(name)).join(", ")}; name them after the views (${
      known.join(", ")
    }), or store a single array`,
    { file: path },
  );
}

function countMissing(
  { view, rowOfPair, isNeeded }: MatchedView,
  options: ReadEmbeddingsOptions & { path: string; table: IdTable },
): number {
  const { index, pairs } = options;
  const lacking = Array.from(rowOfPair.keys()).filter((pair) => rowOfPair[pair]! < 0 && isNeeded(pair));
  if (lacking.length > 0 && !options.allowMissing) {
    const needed = Array.from(rowOfPair.keys()).filter(isNeeded).length;
    const v = index.views.indexOf(view);
    const example = v < 0
      ? `study ${quoted(index.studies.ids[pairs.study[lacking[0]!]!]!)}`
      : `image ${quoted(index.images.ids[pairs.images[lacking[0]! * pairs.views + v]!]!)}`;
    throw new DataError(
      `${lacking.length} of ${needed} pairs have no ${view} embedding (for example ${example} is missing in ` +
        `${options.table.path}); add their rows, or accept by --allow-missing that other methods are scored on more studies`,
      { file: options.path },
    );
  }
  return lacking.length;
}

/** Reads the rows that pairs need, and repeats them for each of their pairs. */
async function latentsOf(
  { view, rowOfPair }: MatchedView,
  options: { array: EmbeddingArray; pairs: PairTable; path: string; table: IdTable },
): Promise<ViewLatents> {
  const { array, pairs, path, table } = options;
  const { dimension } = array;
  const chosen = Int32Array.from(rowOfPair.keys()).filter((pair) => rowOfPair[pair]! >= 0);
  if (chosen.length * dimension > MAX_VALUES) {
    throw new DataError(
      `${chosen.length} pairs of ${dimension} dimensions do not fit into memory; use fewer dimensions, or ` +
        "--pairs one-frontal-one-lateral",
      { file: path },
    );
  }
  const slots = new Int32Array(array.rows).fill(-1);
  const rows: number[] = [];
  for (const pair of chosen) {
    const row = rowOfPair[pair]!;
    if (slots[row]! < 0) slots[row] = rows.push(row) - 1;
  }
  const kept = new Float32Array(rows.length * dimension);
  await array.gather(slots, kept);
  const bad = kept.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    const row = rows[Math.floor(bad / dimension)]!;
    throw new DataError(
      `dimension ${bad % dimension} of row ${row} (${table.path}, ${table.place(row)}) is ${
        kept[bad]
      }; every value must ` +
        "be a finite float32 number",
      { file: path },
    );
  }
  const values = new Float32Array(chosen.length * dimension);
  chosen.forEach((pair, i) => {
    const slot = slots[rowOfPair[pair]!]!;
    values.set(kept.subarray(slot * dimension, (slot + 1) * dimension), i * dimension);
  });
  return { view, values, dimension, study: chosen.map((pair) => pairs.study[pair]!) };
}
