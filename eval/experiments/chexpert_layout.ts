/**
 * Studies in CheXpert's layout, made from those of another data set: to try what reads it where the real one cannot be had.
 *
 * @module
 */
import { join } from "node:path";
import { CHEST_LABELS, LABEL_STATES, openDataset, SPLITS, type StudyIndex } from "../../data/mod.ts";
import { writeWhole } from "../runs/run_directory.ts";

/** CheXpert's columns come in an order of their own. */
const COLUMNS = [
  "No Finding",
  "Enlarged Cardiomediastinum",
  "Cardiomegaly",
  "Lung Opacity",
  "Lung Lesion",
  "Edema",
  "Consolidation",
  "Pneumonia",
  "Atelectasis",
  "Pneumothorax",
  "Pleural Effusion",
  "Pleural Other",
  "Fracture",
  "Support Devices",
];
const TABLES = ["train", "valid", "test"] as const;
const FOLDER = "CheXpert-v1.0-small";
const CELLS = { [LABEL_STATES.blank]: "", [LABEL_STATES.positive]: "1.0", [LABEL_STATES.negative]: "0.0" };
const UNCERTAIN = "-1.0";

/**
 * Writes the frontal and lateral images of phantoms, or of any data in MIMIC-CXR-JPG's layout, with their labels in CheXpert's layout. The
 * last table is written last: a folder that has it is whole and left as it is.
 *
 * @param root Folder of the result; made where it is not there.
 */
export async function writeChexpertLayout(root: string, options: { from: string; signal: AbortSignal }): Promise<void> {
  const { from, signal } = options;
  const last = join(root, FOLDER, `${TABLES.at(-1)}.csv`);
  if (await Deno.stat(last).then(() => true, () => false)) return;
  const index = await openDataset({ root: from, signal });
  const rows = SPLITS.map((): string[] => []);
  const numbers = new Map<number, { study: number; images: number }>();
  const studies = new Map<number, number>();
  for (let image = 0; image < index.images.count; image++) {
    const study = index.images.study[image]!;
    const split = index.splitOfStudy(study);
    if (split < 0 || index.images.view[image]! < 0 || !index.isKept(image)) continue;
    signal.throwIfAborted();
    const subject = index.studies.subject[study]!;
    if (!numbers.has(study)) {
      studies.set(subject, (studies.get(subject) ?? 0) + 1);
      numbers.set(study, { study: studies.get(subject)!, images: 0 });
    }
    const number = numbers.get(study)!;
    const view = index.views[index.images.view[image]!]!;
    const folder = `${FOLDER}/${TABLES[split]}/patient${String(subject + 1).padStart(5, "0")}/study${number.study}`;
    const path = `${folder}/view${++number.images}_${view}.jpg`;
    await Deno.mkdir(join(root, folder), { recursive: true });
    await Deno.copyFile(join(index.root, index.source.name(image)), join(root, path));
    rows[split]!.push([path, "Unknown", "0", ...positionCells(index, image), ...labelCells(index, study)].join());
  }
  const head = ["Path", "Sex", "Age", "Frontal/Lateral", "AP/PA", ...COLUMNS].join();
  for (const [split, table] of TABLES.entries()) {
    await writeWhole(join(root, FOLDER, `${table}.csv`), `${[head, ...rows[split]!].join("\n")}\n`);
  }
}

function positionCells(index: StudyIndex, image: number): [string, string] {
  const frontal = index.images.view[image] === 0;
  return [frontal ? "Frontal" : "Lateral", frontal ? index.images.positions[index.images.position[image]!]! : ""];
}

function labelCells(index: StudyIndex, study: number): string[] {
  return COLUMNS.map((label) => {
    const state = index.labelState(study, CHEST_LABELS.indexOf(label));
    return CELLS[state as keyof typeof CELLS] ?? UNCERTAIN;
  });
}
