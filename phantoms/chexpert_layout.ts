/**
 * Tables and paths in CheXpert's layout.
 *
 * @module
 */
import { Draws } from "./draws.ts";
import type { ImageState, ViewPosition } from "./exposures.ts";
import { labelCells } from "./label_cells.ts";
import type { StudyState } from "./patients.ts";
import { bySubjectAndStudy, type TableFile, type WrittenStudy } from "./written_study.ts";

/** First folder of the paths in the tables; it stands for the data directory itself. */
const DATASET = "CheXpert-v1.0";

/** The findings in the order of CheXpert's tables. */
const FINDINGS = [
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
] as const;

/** The columns of CheXpert's tables. */
const COLUMNS = ["Path", "Sex", "Age", "Frontal/Lateral", "AP/PA", ...FINDINGS] as const;

/** Numbers at which the patients of a seed begin: up to 10,000 patients have five digits, as CheXpert's have. */
const FIRST_NUMBERS = 90_000;

const TABLES = [["train", "train"], ["valid", "validate"], ["test", "test"]] as const;

/** The path of an image in the directory: `train/patient00001/study1/view1_frontal.jpg`. */
export function chexpertImagePath(study: StudyState, image: ImageState): string {
  const { patient, ordinal } = study;
  const folder = TABLES.find(([, split]) => split === patient.split)![0];
  const view = `view${study.images.indexOf(image) + 1}_${isLateral(image.projection) ? "lateral" : "frontal"}`;
  return `${folder}/${patientName(study)}/study${ordinal}/${view}.jpg`;
}

/**
 * The patient's folder. As in the other layouts, other seeds have other patients, because phantoms to test on must
 * share none with those to train on. Two seeds with 1,900 patients each overlap with a probability of 4 %; those that
 * experiments draw do not (`tests/cli/run/experiment_phantoms_test.ts`).
 */
function patientName({ seed, patient }: StudyState): string {
  const first = new Draws("phantom offset", seed, "chexpert patient").below(FIRST_NUMBERS);
  return `patient${String(1 + first + patient.index).padStart(5, "0")}`;
}

function isLateral(projection: ViewPosition): boolean {
  return projection === "LATERAL" || projection === "LL";
}

/**
 * Creates `train.csv`, `valid.csv` and `test.csv` with one row per image. As in CheXpert, test labels are
 * radiologists'.
 */
export function chexpertTables(studies: readonly WrittenStudy[]): TableFile[] {
  const sorted = bySubjectAndStudy(studies);
  return TABLES.map(([name, split]) => {
    const rows = sorted.filter(({ study }) => study.patient.split === split).flatMap(imageRows);
    return { path: `${name}.csv`, text: [COLUMNS.join(","), ...rows].join("\n") + "\n", gzip: false };
  });
}

function imageRows({ study, images }: WrittenStudy): string[] {
  const { sex, age } = study.patient.body;
  const labels = study.labels.expert ?? study.labels.chexpert;
  const cells = labels === null ? FINDINGS.map(() => "") : labelCells(labels, FINDINGS);
  return images.map(({ image }) => {
    const lateral = isLateral(image.projection);
    return [
      `${DATASET}/${chexpertImagePath(study, image)}`,
      sex === "F" ? "Female" : "Male",
      Math.round(age),
      lateral ? "Lateral" : "Frontal",
      lateral ? "" : image.projection,
      ...cells,
    ].join(",");
  });
}
