/**
 * Reads CheXpert Plus.
 *
 * @module
 */
import { join } from "node:path";
import { DataError } from "../../../base/errors.ts";
import { unsafePathReason } from "../../../base/safe_path.ts";
import { isMissing } from "../../index/cells.ts";
import { DropLog, type DropReason } from "../../index/drop_log.ts";
import { CHEST_LABELS } from "../../index/labels.ts";
import { splitCode } from "../../index/splits.ts";
import { IndexBuilder, SPLITS, StudyIndex } from "../../index/study_index.ts";
import { CHEST_VIEWS } from "../../index/views.ts";
import { type ReportParts, StudyTexts } from "../../text/study_texts.ts";
import { readCsv } from "../csv.ts";
import { exists, requireDirectory } from "../find_table.ts";
import { badRow, badRowExample, StudyLabels } from "../label_table.ts";
import type { ReadOptions } from "../read_options.ts";
import { findChexpertPlusLabels, readChexpertPlusLabels } from "./chexpert_plus_labels.ts";

/** `df_chexpert_plus_240401.csv`; the number is the date of the release. */
const TABLE = /^df_chexpert_plus.*\.csv(\.gz)?$/i;
/** Folders above `train/` and `valid/`, likeliest first. */
const FOLDERS = ["", "PNG", "DICOM", "PNG/PNG", "images", "chexpertplus", "DICOM/DICOM"];
const ENDINGS = [".png", ".jpg", ".dcm"];
const PATH = /^(?:.*\/)?((train|valid|test)\/(patient[0-9]+)\/(study[0-9]+)\/[^/]+)\.(?:jpe?g|png|dcm)$/i;

function rowFault(reason: string): DropReason {
  return { step: "rows", reason, unit: "row", fault: true };
}
const BAD_PATH = rowFault("path names no patient and study, or could leave the data directory");
const REPEATED = rowFault("image identifier was listed before");
const BAD_SPLIT: DropReason = { ...rowFault("split is none of train, validate and test"), step: "split" };
const UNLABELLED: DropReason = {
  step: "labels",
  reason: "study has no row in the label file",
  unit: "study",
  fault: true,
};
const UNLISTED: DropReason = { ...rowFault("label row is about an unlisted image"), step: "labels", fault: false };

/** The path of CheXpert Plus's table in a directory; `undefined` if there is none. */
export function findChexpertPlus(root: string): string | undefined {
  if (!exists(root, "directory")) return undefined;
  const names = [...Deno.readDirSync(root)].map(({ name }) => name).filter((name) => TABLE.test(name)).sort();
  return names.length === 0 ? undefined : join(root, names.at(-1)!);
}

/**
 * Reads CheXpert Plus's table: studies from `path_to_image`, views from `frontal_lateral` and `ap_pa`, texts from the
 * sections, and labels from the file beside it (see {@linkcode readChexpertPlusLabels}; without one, all labels are
 * blank). Its own split has no test patients. No image is decoded.
 *
 * @throws {DataError} for a missing directory, table or column, and for a patient in two splits.
 */
export async function readChexpertPlus(root: string, options: ReadOptions): Promise<StudyIndex> {
  requireDirectory(root);
  const path = findChexpertPlus(root);
  if (path === undefined) throw new DataError("df_chexpert_plus_240401.csv (or .csv.gz) is missing", { file: root });
  const drops = new DropLog({ strict: options.strict });
  const table = new PlusTable({ path, drops, options });
  const listed = await table.read();
  const columns = table.builder.columns(CHEST_LABELS.length);
  const id = (image: number) => columns.images.ids[image]!;
  const find = imageFinder(root, columns.images.ids);
  const index = new StudyIndex(
    {
      dataset: "chexpert-plus",
      root,
      synthetic: false,
      views: CHEST_VIEWS,
      labels: CHEST_LABELS,
      labelSource: "chexbert",
      policies: options.policies,
      source: {
        preprocessing: "radiograph",
        name: (image) => find?.(id(image)) ?? id(image),
        hasImages: find !== undefined,
        locate: (image) => {
          const file = find?.(id(image));
          return file === undefined ? undefined : { kind: "file", path: join(root, file) };
        },
      },
    },
    columns,
    drops,
  );
  index.listed = listed;
  if (options.texts.read) index.texts = new StudyTexts(columns.studies.count, options.texts);
  for (const [study, parts] of table.reports) index.texts?.add(study, parts);
  await fillLabels(index, table.builder, options.signal);
  return index;
}

async function fillLabels(index: StudyIndex, builder: IndexBuilder, signal: AbortSignal | undefined): Promise<void> {
  const path = findChexpertPlusLabels(index.root);
  if (path === undefined) return;
  const { drops } = index;
  const labels = new StudyLabels(drops);
  const labelled = new Uint8Array(index.studies.count);
  await readChexpertPlusLabels(path, {
    drops,
    onLabels: (cell, cells, line) => {
      const image = builder.findImage(PATH.exec(cell)?.[1] ?? "");
      const place = `${path}, line ${line}`;
      if (image === undefined) {
        drops.add(UNLISTED, place);
        return;
      }
      const study = builder.studyOfImage(image);
      labelled[study] = 1;
      labels.add({ study, cells, place, names: CHEST_LABELS });
    },
    signal,
  });
  labels.fill(index);
  for (let study = 0; study < index.studies.count; study++) {
    if (labelled[study] === 0) index.dropStudy(study, UNLABELLED, `study ${index.studies.ids[study]}`);
  }
}

class PlusTable {
  readonly builder: IndexBuilder = new IndexBuilder();
  readonly reports = new Map<number, ReportParts>();
  readonly #path: string;
  readonly #drops: DropLog;
  readonly #options: ReadOptions;

  constructor({ path, drops, options }: { path: string; drops: DropLog; options: ReadOptions }) {
    this.#path = path;
    this.#drops = drops;
    this.#options = options;
  }

  /** Reads the table and returns its number of rows. */
  async read(): Promise<number> {
    const columns = ["path_to_image", "frontal_lateral", "ap_pa", "split"];
    const sections = ["section_findings", "section_impression", "section_summary", "section_narrative"];
    const listed = await readCsv(this.#path, {
      columns: [...columns, ...sections],
      optional: ["ap_pa", "split", ...sections],
      onRow: (cells, line) => this.#row(cells, line),
      onBadRow: (line, fault) => this.#drops.add(badRow("rows", fault), badRowExample(this.#path, line, fault)),
      signal: this.#options.signal,
    });
    if (listed === 0) throw new DataError("CheXpert Plus's table has a header and no rows", { file: this.#path });
    return listed;
  }

  #row(cells: readonly string[], line: number): void {
    const [path, side, apPa, splitName, findings, impression, summary, narrative] = cells.map(text);
    const place = `${this.#path}, line ${line}`;
    const match = unsafePathReason(path!) === undefined ? PATH.exec(path!) : null;
    if (match === null) {
      this.#drops.add(BAD_PATH, place);
      return;
    }
    const [, id, folder, patient, studyName] = match as unknown as [string, string, string, string, string];
    const { builder } = this;
    const subject = builder.subject(patient);
    const split = splitCode(splitName || folder);
    if (split < 0) {
      this.#drops.add(BAD_SPLIT, place);
      return;
    }
    const known = builder.split(subject);
    if (known >= 0 && known !== split && this.#options.splits === "official") {
      throw new DataError(
        `the patient is in ${SPLITS[split]} here and in ${SPLITS[known]} before; no patient may be in two splits`,
        { file: this.#path, line, column: "split" },
      );
    }
    builder.setSplit(subject, split);
    const study = builder.study(`${patient}/${studyName}`, subject)!;
    const view = CHEST_VIEWS.indexOf(side!.toLowerCase());
    const position = view === 1 ? "LATERAL" : (apPa || side!).toUpperCase();
    if (builder.image(id, { study, view, position }) === undefined) {
      this.#drops.add(REPEATED, place);
      return;
    }
    if (this.reports.has(study) || !(findings || impression || summary || narrative)) return;
    this.reports.set(study, { findings, impression: impression || summary, lastParagraph: narrative });
  }
}

function text(cell: string): string {
  return isMissing(cell) ? "" : cell;
}

/** Finds images by their path without ending; `undefined` if the first thousand listed ones are all missing. */
function imageFinder(root: string, ids: readonly string[]): ((id: string) => string | undefined) | undefined {
  const candidates = FOLDERS.flatMap((folder) => ENDINGS.map((ending) => ({ folder, ending })));
  for (const id of ids.slice(0, 1000)) {
    const found = candidates.find((candidate) => exists(join(root, pathOf(id, candidate)), "file"));
    // All images are of one kind: the one of the first that is there.
    if (found !== undefined) return (id) => pathOf(id, found);
  }
  return undefined;
}

function pathOf(id: string, { folder, ending }: { folder: string; ending: string }): string {
  return `${folder === "" ? "" : `${folder}/`}${id}${ending}`;
}
