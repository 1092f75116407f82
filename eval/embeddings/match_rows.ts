/**
 * Matches rows of embeddings to the pairs of a data set, so that anyone's embeddings are evaluated on the same rows as
 * latents of our own.
 *
 * @module
 */
import { DataError } from "../../base/errors.ts";
import { quoted } from "../../base/safe_path.ts";
import type { PairTable } from "../../data/index/pairs.ts";
import type { StudyIndex } from "../../data/index/study_index.ts";
import type { IdTable } from "./id_table.ts";
import { type ImageFinder, imageFinder } from "../../data/index/image_finder.ts";

/** The view of embeddings that stand for a whole study or pair. */
export const JOINT = "joint";

/** The rows of one view. */
export interface MatchedView {
  /** Name of the view. */
  readonly view: string;
  /** Per pair, its row in the view's array; -1 if it has none. */
  readonly rowOfPair: Int32Array;
  /** Whether a pair has the view and must therefore have a row. */
  readonly isNeeded: (pair: number) => boolean;
}

/** Matched rows. */
export interface MatchedRows {
  readonly views: readonly MatchedView[];
  /** Rows whose image or study the data do not list. */
  readonly unlisted: number;
}

/** The data to match with. */
export interface MatchOptions {
  readonly index: StudyIndex;
  readonly pairs: PairTable;
  /** Names of the views that have an array of their own; empty if one array holds all rows. */
  readonly named: readonly string[];
}

/**
 * Matches rows by image, by study (and view), or by the images of a pair, whichever the table has.
 *
 * @throws {DataError} naming the line of an identifier that is there twice or contradicts the data, and if no
 * identifier is one of the data set's.
 */
export function matchRows(table: IdTable, options: MatchOptions): MatchedRows {
  const matcher = new RowMatcher(table, options);
  const views = table.pair.size > 0 ? matcher.byPair() : table.image ? matcher.byImage() : matcher.byStudy();
  if (matcher.unlisted === table.rows) matcher.refuseForeign();
  const used = views.filter(({ rowOfPair }) => rowOfPair.some((row) => row >= 0));
  if (used.length === 0) {
    throw new DataError(
      "no row is about an image of a pair; see `deno task data` for what was left out, and --pairs for how pairs are " +
        "formed",
      { file: table.path },
    );
  }
  return { views: used, unlisted: matcher.unlisted };
}

class RowMatcher {
  unlisted = 0;
  readonly #table: IdTable;
  readonly #options: MatchOptions;
  readonly #find: ImageFinder;

  constructor(table: IdTable, options: MatchOptions) {
    this.#table = table;
    this.#options = options;
    this.#find = imageFinder(options.index);
  }

  byImage(): MatchedView[] {
    const { index, named } = this.#options;
    const rowOfImage = new Int32Array(index.images.count).fill(-1);
    this.#table.image!.forEach((cell, row) => {
      const image = this.#image(cell, row);
      if (image === undefined) return;
      if (rowOfImage[image]! >= 0) this.#refuseRepeated(row, rowOfImage[image]!, quoted(cell));
      rowOfImage[image] = row;
    });
    return index.views.flatMap((view, v) => {
      if (named.length > 0 && !named.includes(view)) return [];
      return [this.#view(view, (pair) => rowOfImage[this.#imageOf(pair, v)] ?? -1)];
    });
  }

  byStudy(): MatchedView[] {
    const { index, pairs, named } = this.#options;
    const { study, view } = this.#table;
    const known = [...index.views, JOINT];
    const rows = new Map<string, Int32Array>();
    study!.forEach((cell, row) => {
      const found = this.#find.study(cell);
      if (found === undefined) {
        this.unlisted++;
        return;
      }
      const name = view?.[row]?.toLowerCase();
      if (name !== undefined && !known.includes(name)) {
        this.#refuse(row, `the view is ${quoted(name)}, but must be one of ${known.join(", ")}`);
      }
      const targets = name !== undefined ? [name] : named.length > 0 ? named : [JOINT];
      for (const target of targets) {
        const column = rows.get(target) ?? new Int32Array(index.studies.count).fill(-1);
        rows.set(target, column);
        if (column[found]! >= 0) {
          this.#refuseRepeated(row, column[found]!, `the ${target} view of study ${quoted(cell)}`);
        }
        column[found] = row;
      }
    });
    return [...rows].map(([name, column]) => this.#view(name, (pair) => column[pairs.study[pair]!]!))
      .sort((a, b) => known.indexOf(a.view) - known.indexOf(b.view));
  }

  byPair(): MatchedView[] {
    const { index, pairs, named } = this.#options;
    const columns = index.views.flatMap((view, v) => {
      const cells = this.#table.pair.get(view);
      return cells ? [{ view, v, cells }] : [];
    });
    const rows = new Map<string, number[]>();
    for (let row = 0; row < this.#table.rows; row++) {
      const key = this.#pairKey(row, columns);
      if (key === undefined) continue;
      const list = rows.get(key);
      if (list) list.push(row);
      else rows.set(key, [row]);
    }
    // Pairs that differ only in a view without a column have rows of the same identifiers, in the order of the pairs.
    const taken = new Map<string, number>();
    const rowOfPair = Int32Array.from({ length: pairs.count }, (_, pair) => {
      const key = columns.map(({ v }) => this.#imageOf(pair, v)).join(" ");
      const list = rows.get(key);
      if (list === undefined) return -1;
      const next = taken.get(key) ?? 0;
      taken.set(key, next + 1);
      return list[Math.min(next, list.length - 1)]!;
    });
    for (const [key, list] of rows) {
      const used = taken.get(key) ?? 0;
      if (used > 0 && list.length > used) this.#refuseRepeated(list[used]!, list[used - 1]!, "the pair");
    }
    const text = this.#table.pair.get("text");
    const own = columns.length === 1 ? columns[0]!.view : JOINT;
    return (named.length > 0 ? named : [own]).map((view) => {
      if (view !== JOINT && !this.#table.pair.has(view)) {
        throw new DataError(`there is an array for the view ${view}, but no column ${view} with its images`, {
          file: this.#table.path,
        });
      }
      return this.#view(view, (pair) => {
        const row = rowOfPair[pair]!;
        return view === "text" && row >= 0 && text![row] === "" ? -1 : row;
      });
    });
  }

  refuseForeign(): never {
    const { index } = this.#options;
    const { image, study, pair } = this.#table;
    const cells = [...pair.values(), image, study].find((column) => column !== undefined)!;
    const row = cells.findIndex((cell) => cell !== "");
    const own = pair.size > 0 || image ? index.images.ids[0] : index.studies.ids[0];
    return this.#refuse(
      Math.max(0, row),
      `neither ${
        quoted(cells[row] ?? "")
      } nor any other identifier is one of the data in ${index.root}, which are like ` +
        `${quoted(own ?? "")}; are these embeddings of another data set?`,
    );
  }

  /** The images of a row's pair as text; `undefined` if it has none or one is unlisted. */
  #pairKey(row: number, columns: readonly { v: number; cells: readonly string[] }[]): string | undefined {
    const images: number[] = [];
    for (const { cells } of columns) {
      const cell = cells[row]!;
      const image = cell === "" ? -1 : this.#image(cell, row);
      if (image === undefined) return undefined;
      images.push(image);
    }
    return images.every((image) => image < 0) ? undefined : images.join(" ");
  }

  /** The image of a cell, whose study must be the one of the row if it names any. */
  #image(cell: string, row: number): number | undefined {
    const { index: { images, studies } } = this.#options;
    const image = cell === "" ? undefined : this.#find.image(cell);
    if (image === undefined) {
      this.unlisted++;
      return undefined;
    }
    const study = this.#table.study?.[row] ?? "";
    const named = study === "" ? undefined : this.#find.study(study);
    if (named !== undefined && named !== images.study[image]) {
      this.#refuse(
        row,
        `image ${quoted(cell)} is of study ${quoted(study)} here, but of study ${
          quoted(studies.ids[images.study[image]!]!)
        } in the data`,
      );
    }
    return image;
  }

  #imageOf(pair: number, view: number): number {
    const { pairs } = this.#options;
    return pairs.images[pair * pairs.views + view]!;
  }

  #view(view: string, rowOf: (pair: number) => number): MatchedView {
    const { index, pairs } = this.#options;
    const v = index.views.indexOf(view);
    const isNeeded = (pair: number) => {
      if (view === "text" && v < 0) return index.texts?.get(pairs.study[pair]!) !== undefined;
      return v < 0 || this.#imageOf(pair, v) >= 0;
    };
    const rowOfPair = Int32Array.from({ length: pairs.count }, (_, pair) => isNeeded(pair) || v < 0 ? rowOf(pair) : -1);
    return { view, rowOfPair, isNeeded };
  }

  #refuseRepeated(row: number, before: number, what: string): never {
    return this.#refuse(row, `${what} is on ${this.#table.place(before)} already; one row is needed for each`);
  }

  #refuse(row: number, message: string): never {
    throw new DataError(`${this.#table.path}, ${this.#table.place(row)}: ${message}`);
  }
}
