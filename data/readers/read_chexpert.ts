/**
 * CheXpert.
 *
 * @module
 */
import { basename, join } from "node:path";
import { readCsv } from "./csv.ts";
import { type ChexpertFiles, findChexpert } from "./chexpert_folders.ts";
import { DropLog } from "../index/drop_log.ts";
import { DataError } from "../../base/errors.ts";
import { requireDirectory } from "./find_table.ts";
import { CHEST_LABELS, LABEL_ALIASES } from "../index/labels.ts";
import { badRow, badRowExample, StudyLabels } from "./label_table.ts";
import type { ReadOptions } from "./read_options.ts";
import { looksLikePhantoms } from "./phantom_record.ts";
import { quoted, unsafePathReason } from "../../base/safe_path.ts";
import { IndexBuilder, type Split, SPLITS, StudyIndex } from "../index/study_index.ts";
import { CHEST_VIEWS } from "../index/views.ts";

/**
 * Reads CheXpert's tables. Patients and studies come from the paths; views from the column `Frontal/Lateral` or, if
 * missing, from the image names; labels from their columns by name. No image is decoded. See {@linkcode findChexpert}
 * for the supported layouts.
 *
 * @throws {DataError} for a missing directory, table or column.
 */
export async function readChexpert(root: string, options: ReadOptions): Promise<StudyIndex> {
  requireDirectory(root);
  const files = findChexpert(root);
  if (files === undefined) throw new DataError("CheXpert's train.csv is missing", { file: root });
  const drops = new DropLog({ strict: options.strict });
  const builder = new IndexBuilder();
  const labels = new StudyLabels(drops);
  let listed = 0;
  for (const { split, path } of files.tables) {
    listed += await new ChexpertTable({ path, split, files, builder, drops, labels, options }).read();
  }
  if (listed === 0) throw new DataError("CheXpert's tables have no rows", { file: files.root });
  const columns = builder.columns(CHEST_LABELS.length);
  const name = (image: number) => columns.images.ids[image]!;
  const index = new StudyIndex(
    {
      dataset: "chexpert",
      root: files.root,
      synthetic: looksLikePhantoms(files.root),
      views: CHEST_VIEWS,
      labels: CHEST_LABELS,
      labelSource: "chexpert",
      policies: options.policies,
      source: {
        preprocessing: "radiograph",
        name,
        hasImages: files.hasImages,
        locate: (image) => {
          const folder = files.patientFolder(name(image));
          if (folder === undefined) return undefined;
          const [study, file] = name(image).split("/").slice(-2) as [string, string];
          return { kind: "file", path: join(folder, study, file) };
        },
      },
    },
    columns,
    drops,
  );
  index.listed = listed;
  labels.fill(index);
  return index;
}

interface TableContext {
  path: string;
  split: Split;
  files: ChexpertFiles;
  builder: IndexBuilder;
  drops: DropLog;
  labels: StudyLabels;
  options: ReadOptions;
}

/** One of CheXpert's tables. */
class ChexpertTable {
  readonly #context: TableContext;
  /** Images listed. */
  #listed = 0;

  constructor(context: TableContext) {
    this.#context = context;
  }

  /** Reads the table and returns the number of images listed. */
  async read(): Promise<number> {
    const { path, drops, options } = this.#context;
    await readCsv(path, {
      columns: ["Path", "Study", "Frontal/Lateral", "AP/PA", ...CHEST_LABELS],
      optional: ["Path", "Study", "Frontal/Lateral", "AP/PA"],
      aliases: LABEL_ALIASES,
      onRow: ([image, study, side, position, ...cells], line) => {
        const row = { line, side: side!, position: position!, cells };
        if (image! !== "") this.#image(image!, row);
        else this.#imagesOfStudy(study!, row);
      },
      onBadRow: (line, fault) => {
        this.#listed++;
        drops.add(badRow("rows", fault), badRowExample(path, line, fault));
      },
      signal: options.signal,
    });
    return this.#listed;
  }

  #refuse(reason: string, place: { line: number; what: string }): void {
    const { path, drops } = this.#context;
    drops.add({ step: "rows", reason, unit: "row", fault: true }, `${path}, line ${place.line}: ${place.what}`);
  }

  #image(cell: string, row: Row): void {
    const { path, split, builder, labels, options } = this.#context;
    const { line } = row;
    this.#listed++;
    const image = cell.replace(/^\.\//, "").replace(/^CheXpert-v1\.0[^/]*\//i, "");
    const unsafe = unsafePathReason(image);
    if (unsafe !== undefined) {
      return this.#refuse("path could leave the data directory", { line, what: `${quoted(cell)}: ${unsafe}` });
    }
    const match = /(?:^|\/)(patient[0-9]+)\/(study[0-9]+)\/[^/]+$/.exec(image);
    if (match === null) return this.#refuse("path names no patient and study", { line, what: quoted(cell) });
    const subject = builder.subject(match[1]!);
    const known = builder.split(subject);
    if (known >= 0 && SPLITS[known] !== split && options.splits === "official") {
      throw new DataError(
        `${match[1]} is in ${split} here and in ${SPLITS[known]} before; no patient may be in two splits`,
        { file: path, line, column: "Path" },
      );
    }
    builder.setSplit(subject, SPLITS.indexOf(split));
    const study = builder.study(`${match[1]}/${match[2]}`, subject)!;
    if (builder.image(image, { study, ...viewOf(image, row) }) === undefined) {
      return this.#refuse("image identifier was listed before", { line, what: quoted(cell) });
    }
    labels.add({ study, cells: row.cells, place: `${path}, line ${line}`, names: CHEST_LABELS });
  }

  /** Adds all images in a study's folder, for tables with one row per study. */
  #imagesOfStudy(cell: string, row: Row): void {
    const { line } = row;
    const study = cell.replace(/\/$/, "");
    const patient = unsafePathReason(study) === undefined ? this.#context.files.patientFolder(study) : undefined;
    const folder = patient === undefined ? undefined : join(patient, basename(study));
    let names: string[] = [];
    try {
      if (folder !== undefined) names = [...Deno.readDirSync(folder)].map(({ name }) => name);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory)) throw error;
    }
    const images = names.filter((name) => /^view[0-9]+_(frontal|lateral)\./i.test(name)).sort();
    if (images.length > 0) return images.forEach((name) => this.#image(`${study}/${name}`, row));
    this.#listed++;
    this.#refuse("row names neither an image nor the folder of a study", { line, what: quoted(cell) });
  }
}

interface Row {
  line: number;
  side: string;
  position: string;
  cells: readonly string[];
}

/** The view of an image, from its row or else from its name (`view1_frontal.jpg`). */
function viewOf(image: string, { side, position }: Row): { view: number; position: string } {
  const named = /(frontal|lateral)[^/]*$/i.exec(image)?.[1];
  const view = CHEST_VIEWS.indexOf((side || named || "").toLowerCase());
  const shown = position || (view === 1 ? "LATERAL" : side || (view === 0 ? "Frontal" : ""));
  return { view, position: shown };
}
