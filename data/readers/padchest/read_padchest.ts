/**
 * Reads PadChest.
 *
 * @module
 */
import { join } from "node:path";
import { DataError } from "../../../base/errors.ts";
import { isSafeId } from "../../../base/safe_path.ts";
import { isMissing, withoutDecimals } from "../../index/cells.ts";
import { DropLog, type DropReason } from "../../index/drop_log.ts";
import { CHEST_LABELS, type LabelState } from "../../index/labels.ts";
import { IndexBuilder, StudyIndex } from "../../index/study_index.ts";
import { CHEST_VIEWS } from "../../index/views.ts";
import { StudyTexts } from "../../text/study_texts.ts";
import { readCsv } from "../csv.ts";
import { exists, requireDirectory } from "../find_table.ts";
import { badRow, badRowExample } from "../label_table.ts";
import { listImages } from "../list_images.ts";
import type { ReadOptions } from "../read_options.ts";
import { isPadchestLabel, PADCHEST_EXCLUDED, padchestLabels, parsePythonList } from "./padchest_labels.ts";

/** `PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv`, and the names under which it is shared. */
const TABLE = /^padchest.*labels.*\.csv(\.gz)?$/i;
/** Images are in folders `0` to `54`. */
const FOLDERS = /^([0-9]{1,2}|images|images-224|png|padchest)$/i;

function fault(step: "rows" | "labels", reason: string, unit: "row" | "study" = "row"): DropReason {
  return { step, reason, unit, fault: true };
}
const BAD_ID = fault("rows", "image's name is not safe, or patient or study is blank");
const REPEATED = fault("rows", "image identifier was listed before");
const CHILD: DropReason = { step: "rows", reason: "image shows a child (Pediatric is PED)", unit: "row", fault: false };
const BAD_LABELS = fault("labels", "labels are not a list of words", "study");
const DIFFERENT = {
  ...fault("labels", "row's labels differ from those of the study's first row"),
  kept: true,
} as const;
const UNKNOWN = { ...fault("labels", "label is none of PadChest's"), kept: true } as const;
const EXCLUDED: DropReason = { step: "labels", reason: "report is labelled exclude", unit: "study", fault: false };

/** The path of PadChest's table in a directory; `undefined` if there is none. */
export function findPadchest(root: string): string | undefined {
  if (!exists(root, "directory")) return undefined;
  const names = [...Deno.readDirSync(root)].map(({ name }) => name).filter((name) => TABLE.test(name)).sort();
  return names.length === 0 ? undefined : join(root, names[0]!);
}

/**
 * Reads PadChest's table: studies by PatientID and StudyID, views from Projection (PA, AP and AP_horizontal are
 * frontal, L lateral; COSTAL and EXCLUDE are not used), labels by {@linkcode padchestLabels}, texts from Report. Images
 * of children and studies labelled `exclude` are left out. No image is decoded.
 *
 * @throws {DataError} for a missing directory, table or column, and if the official split is asked for: there is none.
 */
export async function readPadchest(root: string, options: ReadOptions): Promise<StudyIndex> {
  requireDirectory(root);
  if (options.splits === "official") {
    throw new DataError("PadChest has no official split; use --split paper or --split-file", { file: root });
  }
  const path = findPadchest(root);
  if (path === undefined) {
    throw new DataError("PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv (or .csv.gz) is missing", { file: root });
  }
  const drops = new DropLog({ strict: options.strict });
  const table = new PadchestTable({ path, drops });
  await table.read(options.signal);
  const found = listImages(root, { folders: FOLDERS, depth: 2 });
  const { builder } = table;
  const columns = builder.columns(CHEST_LABELS.length);
  const name = (image: number) => found.get(columns.images.ids[image]!) ?? columns.images.ids[image]!;
  const index = new StudyIndex(
    {
      dataset: "padchest",
      root,
      synthetic: false,
      views: CHEST_VIEWS,
      labels: CHEST_LABELS,
      labelSource: "padchest",
      policies: options.policies,
      source: {
        preprocessing: "radiograph",
        name,
        hasImages: found.size > 0,
        locate: (image) => {
          const file = found.get(columns.images.ids[image]!);
          return file === undefined ? undefined : { kind: "file", path: join(root, file) };
        },
      },
    },
    columns,
    drops,
  );
  index.listed = table.listed;
  if (options.texts.read) index.texts = new StudyTexts(columns.studies.count, options.texts);
  for (const [study, { states, report, place }] of table.studies) {
    if (states === undefined) index.dropStudy(study, BAD_LABELS, place);
    else if (states === "excluded") index.dropStudy(study, EXCLUDED, place);
    else index.studies.states.set(states, study * CHEST_LABELS.length);
    // The reports have no sections: they are what was found.
    if (report !== "") index.texts?.add(study, { findings: report });
  }
  return index;
}

interface PadchestStudy {
  states: LabelState[] | "excluded" | undefined;
  labels: string;
  report: string;
  place: string;
}

class PadchestTable {
  readonly builder: IndexBuilder = new IndexBuilder();
  readonly studies = new Map<number, PadchestStudy>();
  /** Number of rows. */
  listed = 0;
  readonly #path: string;
  readonly #drops: DropLog;

  constructor({ path, drops }: { path: string; drops: DropLog }) {
    this.#path = path;
    this.#drops = drops;
  }

  async read(signal: AbortSignal | undefined): Promise<void> {
    this.listed = await readCsv(this.#path, {
      columns: ["ImageID", "StudyID", "PatientID", "Projection", "Pediatric", "Labels", "Report"],
      optional: ["Pediatric", "Report"],
      onRow: (cells, line) => this.#row(cells, `${this.#path}, line ${line}`),
      onBadRow: (line, fault) => this.#drops.add(badRow("rows", fault), badRowExample(this.#path, line, fault)),
      signal,
    });
    if (this.listed === 0) throw new DataError("PadChest's table has a header and no rows", { file: this.#path });
  }

  #row(cells: readonly string[], place: string): void {
    const [image, studyId, patient, projection, pediatric, labels, report] = cells as [
      string,
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    if (!isSafeId(image) || isMissing(studyId) || isMissing(patient)) {
      this.#drops.add(BAD_ID, place);
      return;
    }
    if (/^ped/i.test(pediatric)) {
      this.#drops.add(CHILD, place);
      return;
    }
    const { builder } = this;
    const study = builder.studyOfSubject(withoutDecimals(studyId), builder.subject(withoutDecimals(patient)));
    if (builder.image(image, { study, ...viewOfProjection(projection) }) === undefined) {
      this.#drops.add(REPEATED, place);
      return;
    }
    const first = this.studies.get(study);
    if (first === undefined) {
      this.studies.set(study, { states: this.#states(labels, place), labels, report: text(report), place });
    } else if (first.labels !== labels) {
      this.#drops.add(DIFFERENT, place);
    }
  }

  #states(cell: string, place: string): PadchestStudy["states"] {
    const labels = parsePythonList(cell);
    if (labels === undefined) return undefined;
    if (labels.some((label) => !isPadchestLabel(label))) this.#drops.add(UNKNOWN, place);
    return labels.includes(PADCHEST_EXCLUDED) ? "excluded" : padchestLabels(labels);
  }
}

function text(cell: string): string {
  return isMissing(cell) ? "" : cell;
}

/** The view of PadChest's Projection. */
function viewOfProjection(cell: string): { view: number; position: string } {
  const position = isMissing(cell) ? "" : cell.toUpperCase();
  const view = ["PA", "AP", "AP_HORIZONTAL"].includes(position) ? 0 : position === "L" ? 1 : -1;
  return { view, position };
}
