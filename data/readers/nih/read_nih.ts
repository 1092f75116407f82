/**
 * Reads NIH ChestX-ray14.
 *
 * @module
 */
import { join } from "node:path";
import { DataError } from "../../../base/errors.ts";
import { nonEmptyLines } from "../../../base/lines.ts";
import { SeededRandom } from "../../../base/random.ts";
import { readRegularText } from "../../../base/regular_file.ts";
import { isMissing } from "../../index/cells.ts";
import { DropLog, type DropReason } from "../../index/drop_log.ts";
import { CHEST_LABELS, LABEL_STATES, type LabelState } from "../../index/labels.ts";
import { IndexBuilder, StudyIndex } from "../../index/study_index.ts";
import { readCsv } from "../csv.ts";
import { exists, findTable, requireDirectory } from "../find_table.ts";
import { badRow, badRowExample } from "../label_table.ts";
import { listImages } from "../list_images.ts";
import type { ReadOptions } from "../read_options.ts";

const TABLES = ["Data_Entry_2017_v2020", "Data_Entry_2017"];
const LISTS = ["train_val_list.txt", "test_list.txt"] as const;
const LIST = { maxBytes: 2 ** 25, kind: "a list of images" };
const FOLDERS = /^(images|images_[0-9]{3}|images-224|png)$/i;
/** Share of the patients of `train_val_list.txt` that validate: 70 / 10 / 20 in all. */
const VALIDATION = 1 / 8;

/** The collection's labels by the label that they mean; emphysema, fibrosis and hernia mean none. */
export const NIH_MEANINGS: Readonly<Record<string, readonly string[]>> = {
  "Atelectasis": ["atelectasis"],
  "Cardiomegaly": ["cardiomegaly"],
  "Consolidation": ["consolidation"],
  "Edema": ["edema"],
  "Lung Lesion": ["mass", "nodule"],
  "Lung Opacity": ["infiltration", "consolidation"],
  "No Finding": ["no finding"],
  "Pleural Effusion": ["effusion"],
  "Pleural Other": ["pleural_thickening"],
  "Pneumonia": ["pneumonia"],
  "Pneumothorax": ["pneumothorax"],
};
const OTHER = ["emphysema", "fibrosis", "hernia"];
const KNOWN = new Set([...Object.values(NIH_MEANINGS).flat(), ...OTHER]);

function rowFault(reason: string): DropReason {
  return { step: "rows", reason, unit: "row", fault: true };
}
const BAD_IMAGE = rowFault("image's name is not of the form 00000001_000.png");
const REPEATED = rowFault("image identifier was listed before");
const BAD_LABELS: DropReason = { ...rowFault("label is none of ChestX-ray14's"), step: "labels", unit: "study" };
const UNSPLIT: DropReason = { ...rowFault("image is in no list of a split"), step: "split", unit: "image" };

/** The path of the table in a directory; `undefined` if there is none. */
export function findNih(root: string): string | undefined {
  return findTable(root, TABLES);
}

/** True if the lists of the official split are there. */
export function nihHasSplit(root: string): boolean {
  return LISTS.every((name) => exists(join(root, name), "file"));
}

/**
 * The states of {@linkcode CHEST_LABELS} from the column `Finding Labels` (`Cardiomegaly|Effusion`). All images were
 * labelled for the same findings: what is not listed is negative, and labels that the collection does not have
 * (Enlarged Cardiomediastinum, Fracture, Support Devices) are blank. Returns `undefined` for an unknown label.
 */
export function nihLabels(cell: string): LabelState[] | undefined {
  const labels = cell.split("|").map((label) => label.trim().toLowerCase().replaceAll(" ", "_"))
    .map((label) => label === "no_finding" ? "no finding" : label);
  if (labels.some((label) => !KNOWN.has(label))) return undefined;
  return CHEST_LABELS.map((label) => {
    const meant = NIH_MEANINGS[label];
    if (meant === undefined) return LABEL_STATES.blank;
    return labels.some((found) => meant.includes(found)) ? LABEL_STATES.positive : LABEL_STATES.negative;
  });
}

/**
 * Reads the table `Data_Entry_2017_v2020.csv`: one frontal image per study. The official split is that of
 * `train_val_list.txt` and `test_list.txt`; an eighth of the first one's patients, drawn with `splitSeed`, validate. No
 * image is decoded.
 *
 * @throws {DataError} for a missing directory, table, column or list, and for a patient in two splits.
 */
export async function readNih(root: string, options: ReadOptions): Promise<StudyIndex> {
  requireDirectory(root);
  const path = findNih(root);
  if (path === undefined) throw new DataError("Data_Entry_2017_v2020.csv (or .csv.gz) is missing", { file: root });
  const drops = new DropLog({ strict: options.strict });
  const builder = new IndexBuilder();
  const labels: (LabelState[] | undefined)[] = [];
  const lines: number[] = [];
  const listed = await readCsv(path, {
    columns: ["Image Index", "Finding Labels", "View Position"],
    optional: ["View Position"],
    onRow: ([image, findings, position], line) => {
      const [, patient] = /^([0-9]{8})_[0-9]{3}\.png$/.exec(image!) ?? [];
      if (patient === undefined) drops.add(BAD_IMAGE, `${path}, line ${line}`);
      else if (builder.findImage(image!) !== undefined) drops.add(REPEATED, `${path}, line ${line}`);
      else {
        const study = builder.study(image!.slice(0, -4), builder.subject(patient))!;
        builder.image(image!, { study, view: 0, position: isMissing(position!) ? "" : position!.toUpperCase() });
        labels[study] = nihLabels(findings!);
        lines[study] = line;
      }
    },
    onBadRow: (line, fault) => drops.add(badRow("rows", fault), badRowExample(path, line, fault)),
    signal: options.signal,
  });
  if (labels.length === 0) throw new DataError("the table lists no image", { file: path });
  const unlisted = options.splits === "official"
    ? await applyLists(root, { builder, images: labels.length, options })
    : undefined;
  const found = listImages(root, { folders: FOLDERS, depth: 3 });
  const columns = builder.columns(CHEST_LABELS.length);
  const id = (image: number) => columns.images.ids[image]!;
  const index = new StudyIndex(
    {
      dataset: "nih",
      root,
      synthetic: false,
      views: ["frontal"],
      labels: CHEST_LABELS,
      labelSource: "nih",
      policies: options.policies,
      source: {
        preprocessing: "radiograph",
        name: (image) => found.get(id(image)) ?? id(image),
        hasImages: found.size > 0,
        locate: (image) => {
          const file = found.get(id(image));
          return file === undefined ? undefined : { kind: "file", path: join(root, file) };
        },
      },
    },
    columns,
    drops,
  );
  index.listed = listed;
  for (const image of unlisted ?? []) index.dropImage(image, UNSPLIT, id(image));
  labels.forEach((states, study) => {
    if (states === undefined) index.dropStudy(study, BAD_LABELS, `${path}, line ${lines[study]}`);
    else index.studies.states.set(states, study * CHEST_LABELS.length);
  });
  return index;
}

/** Sets the splits by the lists and returns the images that are in none. */
async function applyLists(
  root: string,
  { builder, images, options }: { builder: IndexBuilder; images: number; options: ReadOptions },
): Promise<number[]> {
  const seen = new Set<number>();
  const listed: Set<number>[] = [];
  for (const name of LISTS) {
    const path = join(root, name);
    if (!exists(path, "file")) throw new DataError(`${name} is missing; use --split paper without it`, { file: root });
    const subjects = new Set<number>();
    for (const line of nonEmptyLines(await readRegularText(path, LIST))) {
      const image = builder.findImage(line.trim());
      if (image === undefined) continue;
      seen.add(image);
      subjects.add(builder.subjectOfStudy(builder.studyOfImage(image)));
    }
    listed.push(subjects);
  }
  const [train, test] = listed as [Set<number>, Set<number>];
  const shared = [...train].find((subject) => test.has(subject));
  if (shared !== undefined) {
    throw new DataError("a patient is in both lists; no patient may be in two splits", { file: join(root, LISTS[1]) });
  }
  // Subjects are numbered in the order of the table, which is that of their numbers.
  const order = new SeededRandom("nih-validate", options.policies.splitSeed).shuffle([...train].sort((a, b) => a - b));
  order.forEach((subject, rank) => builder.setSplit(subject, rank < Math.round(VALIDATION * order.length) ? 1 : 0));
  for (const subject of test) builder.setSplit(subject, 2);
  return Array.from({ length: images }, (_, image) => image).filter((image) => !seen.has(image));
}
