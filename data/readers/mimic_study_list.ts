/**
 * Compares MIMIC-CXR's list of images with its list of reports.
 *
 * @module
 */
import { quoted } from "../../base/safe_path.ts";
import type { DropReason } from "../index/drop_log.ts";
import { numericId } from "../index/cells.ts";
import type { StudyIndex } from "../index/study_index.ts";
import { readCsv } from "./csv.ts";
import { findTable } from "./find_table.ts";
import { badRow, badRowExample } from "./label_table.ts";

/** Something is wrong, but no study is left out for it. */
function noted(reason: string, unit: "row" | "study", fault = true): DropReason {
  return { step: "rows", reason: `${reason} (kept)`, unit, fault, kept: true };
}

const NO_IMAGES = noted("study of cxr-study-list has no image in the list of images", "row", false);
const REPEATED = noted("study was in cxr-study-list before", "row");
const OTHER_SUBJECT = noted("cxr-study-list gives the study to another subject", "row");
const UNLISTED = noted("study with images is not in cxr-study-list", "study");

/**
 * Counts in `index.drops` where `cxr-study-list`, the list of the DICOM release's reports, disagrees with the studies
 * of the list of images. Every study stays: the list of images decides. Does nothing if there is no such table.
 *
 * @throws {DataError} for a table that cannot be read and, in strict mode, for a disagreement.
 */
export async function compareStudyList(index: StudyIndex, options: { signal: AbortSignal | undefined }): Promise<void> {
  const { drops, studies, subjects } = index;
  const path = findTable(index.root, ["cxr-study-list"]);
  if (path === undefined) return;
  const studyOf = new Map(studies.ids.map((id, study) => [id, study]));
  const listed = new Uint8Array(studies.count);
  const unknown = new Set<string>();
  await readCsv(path, {
    columns: ["study_id", "subject_id"],
    onRow: ([studyCell, subjectCell], line) => {
      const example = `${path}, line ${line}: ${quoted(studyCell!)}`;
      const id = numericId(studyCell!) ?? studyCell!;
      const study = studyOf.get(id);
      if (study === undefined) {
        drops.add(unknown.has(id) ? REPEATED : NO_IMAGES, example);
        unknown.add(id);
        return;
      }
      if (listed[study] === 1) drops.add(REPEATED, example);
      listed[study] = 1;
      if (subjects.ids[studies.subject[study]!] !== numericId(subjectCell!)) drops.add(OTHER_SUBJECT, example);
    },
    onBadRow: (line, fault) => drops.add(badRow("rows", fault), badRowExample(path, line, fault)),
    signal: options.signal,
  });
  listed.forEach((seen, study) => {
    if (seen === 0) drops.add(UNLISTED, `study ${studies.ids[study]}`);
  });
}
