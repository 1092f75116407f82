/**
 * Reads tables of report sections, such as `mimic_cxr_sectioned.csv`: one row per study.
 *
 * @module
 */
import { DataError } from "../../base/errors.ts";
import { isMissing, numericId } from "../index/cells.ts";
import type { DropReason } from "../index/drop_log.ts";
import type { StudyIndex } from "../index/study_index.ts";
import { readCsv } from "../readers/csv.ts";
import { badRow, badRowExample } from "../readers/label_table.ts";
import type { StudyTexts } from "./study_texts.ts";

const ALIASES: Readonly<Record<string, string>> = {
  study_id: "study",
  StudyInstanceUid: "study",
  finding: "findings",
  "last paragraph": "last_paragraph",
};

function noted(reason: string, fault: boolean): DropReason & { kept: true } {
  return { step: "texts", reason, unit: "row", fault, kept: true };
}
const UNLISTED = noted("sections are about an unlisted study", false);
const REPEATED = noted("study has a row of sections before", true);

/**
 * Reads a table with the columns `study` and `findings`, `impression` or `last_paragraph` into the texts of an index.
 * Studies are numbers, with or without the `s` of their folders. Rows about unlisted studies and repeated rows are
 * logged in `index.drops`.
 *
 * @throws {DataError} if the table cannot be read or has none of the sections.
 */
export async function readSectionTable(
  path: string,
  { index, texts, signal }: { index: StudyIndex; texts: StudyTexts; signal: AbortSignal | undefined },
): Promise<void> {
  const { drops } = index;
  const studyOf = new Map(index.studies.ids.map((id, study) => [id, study]));
  const columns = ["study", "findings", "impression", "last_paragraph"];
  let sections = 0;
  await readCsv(path, {
    columns,
    optional: columns.slice(1),
    aliases: ALIASES,
    onRow: ([id, ...cells], line) => {
      const study = studyOf.get(numericId(id!) ?? id!);
      if (study === undefined) {
        drops.add(UNLISTED, `${path}, line ${line}`);
        return;
      }
      const [findings, impression, lastParagraph] = cells.map((cell) => isMissing(cell) ? "" : cell);
      if (findings !== "" || impression !== "" || lastParagraph !== "") sections++;
      if (!texts.add(study, { findings, impression, lastParagraph })) drops.add(REPEATED, `${path}, line ${line}`);
    },
    onBadRow: (line, fault) => {
      drops.add({ ...badRow("texts", fault), kept: true }, badRowExample(path, line, fault));
    },
    signal,
  });
  if (sections > 0) return;
  throw new DataError(
    "the table has no sections of any listed study; the columns study and findings, impression or last_paragraph are " +
      "required",
    { file: path },
  );
}
