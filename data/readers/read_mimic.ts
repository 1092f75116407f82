/**
 * Reads the tables of MIMIC-CXR-JPG and MIMIC-CXR (DICOM).
 *
 * @module
 */
import { join } from "node:path";
import { readCsv } from "./csv.ts";
import { viewPositionOf } from "./dicom_positions.ts";
import { DropLog, type DropReason } from "../index/drop_log.ts";
import { DataError } from "../../base/errors.ts";
import { exists, findTable, requireDirectory, requireTable } from "./find_table.ts";
import { compareStudyList } from "./mimic_study_list.ts";
import { mimicSource } from "./mimic_source.ts";
import { CHEST_LABELS } from "../index/labels.ts";
import { badRow, badRowExample, readLabelTable, UNKNOWN_LABEL } from "./label_table.ts";
import type { ReadOptions } from "./read_options.ts";
import { RADIOLOGIST_TABLES } from "./test_labels.ts";
import { isMissing, numericId } from "../index/cells.ts";
import { isSafeId, quoted } from "../../base/safe_path.ts";
import { splitCode } from "../index/splits.ts";
import { type DatasetName, IndexBuilder, SPLITS, StudyIndex } from "../index/study_index.ts";
import { CHEST_VIEWS, viewOfPosition } from "../index/views.ts";

const METADATA = ["mimic-cxr-2.0.0-metadata"];
/** The list of images of the DICOM release. */
const RECORDS = ["cxr-record-list"];
const SPLIT = ["mimic-cxr-2.0.0-split"];

function rowFault(reason: string): DropReason {
  return { step: "rows", reason, unit: "row", fault: true };
}

/** True if the directory contains MIMIC-CXR-JPG's metadata table or the list of images of MIMIC-CXR (DICOM). */
export function looksLikeMimic(root: string): boolean {
  return findTable(root, [...METADATA, ...RECORDS]) !== undefined;
}

/** True for the DICOM release, whether or not MIMIC-CXR-JPG's tables have been put beside its own. */
function isDicomRelease(root: string): boolean {
  return findTable(root, RECORDS) !== undefined;
}

/** True if the directory has an official split. The DICOM release has none of its own, but MIMIC-CXR-JPG's fits it. */
export function mimicHasSplit(root: string): boolean {
  return !isDicomRelease(root) || findTable(root, SPLIT) !== undefined;
}

/**
 * Reads MIMIC-CXR-JPG 2.0.0 or 2.1.0, or phantoms in the same layout. Tables may be gzipped; columns are found by name;
 * images are in `files/` or `files.zip`. No image is decoded.
 *
 * In the DICOM release, which `cxr-record-list.csv.gz` marks, images end in `.dcm`. It has no labels, split or view
 * positions of its own: the tables of MIMIC-CXR-JPG are used if they are beside it; otherwise there are no labels, and
 * view positions come from the headers of the files. Its `cxr-study-list.csv.gz` is compared with the list of images.
 *
 * @throws {DataError} for a missing directory, table or column, and for a patient in two splits.
 */
export async function readMimic(
  root: string,
  options: ReadOptions & { dataset: Extract<DatasetName, "mimic-cxr" | "phantoms"> },
): Promise<StudyIndex> {
  requireDirectory(root);
  const drops = new DropLog({ strict: options.strict });
  const builder = new IndexBuilder();
  const isDicom = isDicomRelease(root);
  const listed = await readMetadata(listOfImages(root, isDicom), { builder, drops, options });
  const official = options.splits === "official";
  const inSplit = official
    ? await readOfficialSplit(requireTable(root, SPLIT, "the official split"), { builder, drops, options })
    : undefined;
  const labels = isDicom && findTable(root, ["mimic-cxr-2.0.0-chexpert"]) === undefined ? [] : CHEST_LABELS;
  const columns = builder.columns(labels.length);
  const { images, studies, subjects } = columns;
  const ending = isDicom ? "dcm" : "jpg";
  const index = new StudyIndex(
    {
      dataset: options.dataset,
      root,
      synthetic: options.dataset === "phantoms",
      views: CHEST_VIEWS,
      labels,
      labelSource: options.labelSource,
      policies: options.policies,
      source: mimicSource({ root, drops }, (image) => {
        const study = images.study[image]!;
        const subject = subjects.ids[studies.subject[study]!]!;
        return `files/p${subject.slice(0, 2)}/p${subject}/s${studies.ids[study]}/${images.ids[image]}.${ending}`;
      }),
    },
    columns,
    drops,
  );
  index.listed = listed;
  if (isDicom) await compareStudyList(index, { signal: options.signal });
  if (inSplit !== undefined) {
    for (let image = 0; image < images.count; image++) {
      if (inSplit.has(image)) continue;
      const reason = { step: "split", reason: "image is not in the split file", unit: "image", fault: true } as const;
      index.dropImage(image, reason, index.source.name(image));
    }
  }
  return index;
}

/** A list of images: its path, and how view positions are found if they are not in it. */
interface ListOfImages {
  path: string;
  positionOf?: (image: { subject: string; study: string; dicomId: string }) => string;
}

function listOfImages(root: string, isDicom: boolean): ListOfImages {
  const records = findTable(root, RECORDS);
  if (!isDicom || records === undefined || findTable(root, METADATA) !== undefined) {
    return { path: requireTable(root, METADATA, "the list of images") };
  }
  if (!exists(join(root, "files"), "directory")) {
    throw new DataError(
      "view positions are in the DICOM files, which are not unpacked here; unpack them into `files`, or put " +
        "mimic-cxr-2.0.0-metadata.csv.gz of MIMIC-CXR-JPG beside this table",
      { file: records },
    );
  }
  return {
    path: records,
    positionOf: ({ subject, study, dicomId }) =>
      viewPositionOf(join(root, "files", `p${subject.slice(0, 2)}`, `p${subject}`, `s${study}`, `${dicomId}.dcm`)),
  };
}

interface ReadContext {
  builder: IndexBuilder;
  drops: DropLog;
  options: ReadOptions;
}

/** Reads the list of images and returns its number of records. */
async function readMetadata(
  { path, positionOf }: ListOfImages,
  { builder, drops, options }: ReadContext,
): Promise<number> {
  const listed = await readCsv(path, {
    columns: ["dicom_id", "subject_id", "study_id", "ViewPosition"],
    optional: positionOf === undefined ? [] : ["ViewPosition"],
    onRow: (cells, line) => {
      const dicomId = cells[0]!, subjectId = numericId(cells[1]!), studyId = numericId(cells[2]!);
      if (!isSafeId(dicomId)) {
        drops.add(rowFault("identifier is not safe as a file name"), `${path}, line ${line}: ${quoted(dicomId)}`);
        return;
      }
      if (subjectId === undefined || studyId === undefined) {
        const bad = subjectId === undefined ? cells[1]! : cells[2]!;
        drops.add(rowFault("identifier is no number of 3 to 15 digits"), `${path}, line ${line}: ${quoted(bad)}`);
        return;
      }
      if (builder.findImage(dicomId) !== undefined) {
        drops.add(rowFault("image identifier was listed before"), `${path}, line ${line}: ${dicomId}`);
        return;
      }
      const study = builder.study(studyId, builder.subject(subjectId));
      if (study === undefined) {
        drops.add(rowFault("study is listed under another subject before"), `${path}, line ${line}: ${studyId}`);
        return;
      }
      const given = positionOf?.({ subject: subjectId, study: studyId, dicomId }) ?? cells[3]!;
      const position = isMissing(given) ? "" : given.toUpperCase();
      builder.image(dicomId, { study, view: viewOfPosition(position), position });
    },
    onBadRow: (line, fault) => drops.add(badRow("rows", fault), badRowExample(path, line, fault)),
    signal: options.signal,
  });
  if (listed === 0) throw new DataError("the list of images has a header and no rows", { file: path });
  return listed;
}

/** Reads the official split, sets it for each subject, and returns the images listed in the split file. */
async function readOfficialSplit(path: string, { builder, drops, options }: ReadContext): Promise<Set<number>> {
  const listed = new Set<number>();
  await readCsv(path, {
    columns: ["dicom_id", "study_id", "subject_id", "split"],
    onRow: (cells, line) => {
      const place = `${path}, line ${line}`;
      const image = builder.findImage(cells[0]!);
      if (image === undefined) {
        const reason = {
          ...rowFault("row of the split file is about an unlisted image"),
          step: "split",
          fault: false,
        } as const;
        drops.add(reason, `${place}: ${quoted(cells[0]!)}`);
        return;
      }
      const study = builder.studyOfImage(image);
      const subject = builder.subjectOfStudy(study);
      const [studyId, subjectId] = [numericId(cells[1]!) ?? "", numericId(cells[2]!) ?? ""];
      if (builder.findStudy(studyId) !== study || builder.findSubject(subjectId) !== subject) {
        drops.add(
          { ...rowFault("split file and metadata disagree about an image's study"), step: "split" },
          `${place}: ${cells[0]}`,
        );
        return;
      }
      const split = splitCode(cells[3]!);
      if (split < 0) {
        const reason = { ...rowFault("split is none of train, validate and test"), step: "split" } as const;
        drops.add(reason, `${place}, column "split": ${quoted(cells[3]!)}`);
        return;
      }
      const known = builder.split(subject);
      if (known >= 0 && known !== split) {
        throw new DataError(
          `subject ${cells[2]} is in ${SPLITS[split]} here and in ${
            SPLITS[known]
          } before; no patient may be in two splits`,
          { file: path, line, column: "split" },
        );
      }
      builder.setSplit(subject, split);
      listed.add(image);
    },
    onBadRow: (line, fault) => drops.add(badRow("split", fault), badRowExample(path, line, fault)),
    signal: options.signal,
  });
  return listed;
}

/**
 * Reads the labels into the index. Studies without a label row, or with an invalid one, are excluded. Splits must
 * already be set, because with `test-set` the radiologists' labels replace those of the test split.
 */
export async function readMimicLabels(index: StudyIndex, options: ReadOptions): Promise<void> {
  const { root } = index;
  if (index.labels.length === 0) return;
  const studyOf = new Map(index.studies.ids.map((id, study) => [id, study]));
  const table = options.labelSource === "negbio" ? "negbio" : "chexpert";
  const expert = options.labelSource === "test-set";
  const isTest = (study: number) => index.splitOfStudy(study) === SPLITS.indexOf("test");
  const path = requireTable(root, [`mimic-cxr-2.0.0-${table}`], `the ${table} labels`);
  await fillLabels(index, { path, studyOf, wanted: (study) => !expert || !isTest(study), signal: options.signal });
  if (expert) {
    const testSet = requireTable(root, RADIOLOGIST_TABLES, "the test studies' labels by radiologists");
    await fillLabels(index, { path: testSet, studyOf, wanted: isTest, signal: options.signal });
  }
}

async function fillLabels(
  index: StudyIndex,
  options: {
    path: string;
    studyOf: ReadonlyMap<string, number>;
    wanted: (study: number) => boolean;
    signal: AbortSignal | undefined;
  },
): Promise<void> {
  const { path, studyOf, wanted } = options;
  const labels = index.labels.length;
  const filled = new Uint8Array(index.studies.count);
  await readLabelTable(path, {
    labels: index.labels,
    signal: options.signal,
    onRow: ({ studyId, line, states, problem }) => {
      const study = studyOf.get(studyId);
      const place = `${path}, line ${line}`;
      if (study === undefined) {
        const reason = {
          step: "labels",
          reason: "label row is about an unlisted study",
          unit: "row",
          fault: false,
        } as const;
        index.drops.add(reason, `${place}: ${quoted(studyId)}`);
        return;
      }
      if (!wanted(study)) return;
      if (filled[study] === 1) {
        const reason = { step: "labels", reason: "study has a label row before", unit: "row", fault: true } as const;
        index.drops.add(reason, `${place}: study ${studyId}`);
        return;
      }
      filled[study] = 1;
      if (states === undefined) index.dropStudy(study, UNKNOWN_LABEL, problem!);
      else index.studies.states.set(states, study * labels);
    },
    onBadRow: (reason, example) => index.drops.add(reason, example),
  });
  for (let study = 0; study < index.studies.count; study++) {
    if (filled[study] === 1 || !wanted(study)) continue;
    const reason = {
      step: "labels",
      reason: "study has no row in the label file",
      unit: "study",
      fault: true,
    } as const;
    index.dropStudy(study, reason, `study ${index.studies.ids[study]}`);
  }
}
