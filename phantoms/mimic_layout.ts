/**
 * Tables and paths in MIMIC-CXR-JPG's layout.
 *
 * @module
 */
import { CHEST_LABELS } from "../data/index/labels.ts";
import { Draws } from "./draws.ts";
import type { ImageState, ViewPosition } from "./exposures.ts";
import { labelCells } from "./label_cells.ts";
import { patientTables } from "./mimic_patients.ts";
import type { StudyState } from "./patients.ts";
import { bySubjectAndStudy, type TableFile, type WrittenStudy } from "./written_study.ts";

/** The columns of the metadata file, as in MIMIC-CXR-JPG. */
export const METADATA_COLUMNS = [
  "dicom_id",
  "subject_id",
  "study_id",
  "PerformedProcedureStepDescription",
  "ViewPosition",
  "Rows",
  "Columns",
  "StudyDate",
  "StudyTime",
  "ProcedureCodeSequence_CodeMeaning",
  "ViewCodeSequence_CodeMeaning",
  "PatientOrientationCodeSequence_CodeMeaning",
] as const;

// The radiologists' file has the order of the CheXpert labeller, with another name for one label.
const EXPERT_LABELS = [
  "No Finding",
  "Enlarged Cardiomediastinum",
  "Cardiomegaly",
  "Lung Lesion",
  "Lung Opacity",
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

const VIEW_MEANINGS: Readonly<Record<ViewPosition, string>> = {
  AP: "antero-posterior",
  PA: "postero-anterior",
  LATERAL: "lateral",
  LL: "left lateral",
};

/** The path of an image in the directory: `files/p10/p10000032/s50414267/<dicom_id>.jpg`. */
export function mimicImagePath({ patient, studyId }: StudyState, { dicomId }: ImageState): string {
  const subject = String(patient.subjectId);
  return `files/p${subject.slice(0, 2)}/p${subject}/s${studyId}/${dicomId}.jpg`;
}

/** The path of a study's report, as in MIMIC-CXR: `files/p10/p10000032/s50414267.txt`. */
export function mimicReportPath({ patient, studyId }: StudyState): string {
  const subject = String(patient.subjectId);
  return `files/p${subject.slice(0, 2)}/p${subject}/s${studyId}.txt`;
}

/** The path of an image in the DICOM release: the same with `.dcm`. */
export function mimicDicomPath(study: StudyState, image: ImageState): string {
  return mimicImagePath(study, image).replace(/jpg$/, "dcm");
}

/**
 * Creates the lists of MIMIC-CXR (the DICOM release), and beside them the split and the labels of MIMIC-CXR-JPG. There
 * is no table of view positions: they are in the files.
 */
export function mimicDicomTables(studies: readonly WrittenStudy[]): TableFile[] {
  const sorted = bySubjectAndStudy(studies);
  const records = sorted.flatMap(({ study, images }) =>
    images.map(({ image }) =>
      [study.patient.subjectId, study.studyId, image.dicomId, mimicDicomPath(study, image)].join(",")
    )
  );
  const reports = sorted.map(({ study }) => [study.patient.subjectId, study.studyId, mimicReportPath(study)].join(","));
  const gzipped = (name: string, lines: readonly string[]) => ({
    path: `${name}.csv.gz`,
    text: lines.join("\n") + "\n",
    gzip: true,
  });
  return [
    gzipped("cxr-record-list", ["subject_id,study_id,dicom_id,path", ...records]),
    gzipped("cxr-study-list", ["subject_id,study_id,path", ...reports]),
    ...mimicTables(studies).filter(({ path }) => !path.includes("metadata")),
  ];
}

/**
 * Creates the CSV files of MIMIC-CXR-JPG 2.1.0 and MIMIC-IV's tables of patients, with rows ordered by subject, study
 * and image.
 */
export function mimicTables(studies: readonly WrittenStudy[]): TableFile[] {
  const sorted = bySubjectAndStudy(studies).map(({ study, images }) => ({
    study,
    images: images.toSorted((a, b) => a.image.dicomId < b.image.dicomId ? -1 : 1),
  }));
  const file = (name: string, lines: string[], gzip = true): TableFile => ({
    path: gzip ? `${name}.csv.gz` : `${name}.csv`,
    text: lines.join("\n") + "\n",
    gzip,
  });
  const experts = expertLines(sorted);
  return [
    file("mimic-cxr-2.0.0-metadata", [METADATA_COLUMNS.join(","), ...sorted.flatMap(metadataRows)]),
    file("mimic-cxr-2.0.0-split", ["dicom_id,study_id,subject_id,split", ...sorted.flatMap(splitRows)]),
    file("mimic-cxr-2.0.0-chexpert", labelLines(sorted, "chexpert")),
    file("mimic-cxr-2.0.0-negbio", labelLines(sorted, "negbio")),
    // Experts labelled studies of the test split only, of which a few phantoms have none.
    ...(experts.length > 1 ? [file("mimic-cxr-2.1.0-test-set-labeled", experts, false)] : []),
    ...patientTables(sorted),
  ];
}

function metadataRows({ study, images }: WrittenStudy): string[] {
  const draws = new Draws("phantom procedure", study.seed, study.index);
  const procedure = study.portable
    ? draws.pick(["CHEST (PORTABLE AP)", "CHEST (PORTABLE AP)", "CHEST (AP AND LAT)"])
    : draws.pick(["CHEST (PA AND LAT)", "CHEST (PA AND LAT)", "CHEST (PA AND LAT) PORT"]);
  const meaning = draws.pick([procedure, procedure, "DX CHEST"]);
  return images.map(({ image, width, height }) => {
    const orientation = study.portable ? draws.pick(["Erect", "Recumbent", ""]) : "Erect";
    // If the position was not entered, its code is missing as well.
    const view = image.viewPosition === "" ? "" : VIEW_MEANINGS[image.projection];
    return [
      image.dicomId,
      study.patient.subjectId,
      study.studyId,
      procedure,
      image.viewPosition,
      height,
      width,
      study.date,
      study.time,
      meaning,
      view,
      orientation,
    ].join(",");
  });
}

function splitRows({ study, images }: WrittenStudy): string[] {
  return images.map(({ image }) =>
    [image.dicomId, study.studyId, study.patient.subjectId, study.patient.split].join(",")
  );
}

function labelLines(studies: readonly WrittenStudy[], source: "chexpert" | "negbio"): string[] {
  const lines = [["subject_id", "study_id", ...CHEST_LABELS].join(",")];
  for (const { study } of studies) {
    const labels = study.labels[source];
    if (labels === null) continue;
    lines.push([study.patient.subjectId, study.studyId, ...labelCells(labels, CHEST_LABELS)].join(","));
  }
  return lines;
}

function expertLines(studies: readonly WrittenStudy[]): string[] {
  const heads = EXPERT_LABELS.map((label) => label === "Lung Opacity" ? "Airspace Opacity" : label);
  const lines = [["study_id", ...heads].join(",")];
  for (const { study } of studies) {
    if (study.labels.expert !== null) {
      lines.push([study.studyId, ...labelCells(study.labels.expert, EXPERT_LABELS)].join(","));
    }
  }
  return lines;
}
