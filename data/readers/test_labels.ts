/**
 * A second set of labels of the test studies, such as radiologists' readings beside labels mined from reports.
 *
 * @module
 */
import { basename } from "node:path";
import { DataError } from "../../base/errors.ts";
import type { TestLabels } from "../index/labels.ts";
import type { StudyIndex } from "../index/study_index.ts";
import { findTable, requireTable } from "./find_table.ts";
import { readLabelTable } from "./label_table.ts";

/** The name of MIMIC-CXR-JPG's own second set, which `--test-labels` takes in place of a file. */
export const RADIOLOGISTS = "radiologists";

/** The table of the test studies' labels by radiologists in MIMIC-CXR-JPG. */
export const RADIOLOGIST_TABLES: readonly string[] = [
  "mimic-cxr-2.1.0-test-set-labeled",
  "mimic-cxr-2.0.0-test-set-labeled",
];

/**
 * Reads a second label set: from a table with `study_id` and a column per label, or with `radiologists`, or without
 * `given` if MIMIC-CXR-JPG's table is in the data directory, from that.
 *
 * @returns `undefined` if none is given or found, or if radiologists' labels are the index's own (`--labels test-set`).
 * @throws {DataError} for a table that is missing, lacks a column, or is about none of the data's studies.
 */
export async function readTestLabels(
  index: StudyIndex,
  { given, signal }: { given?: string | undefined; signal?: AbortSignal | undefined } = {},
): Promise<TestLabels | undefined> {
  const isMimic = index.dataset === "mimic-cxr" || index.dataset === "phantoms";
  const own = index.labelSource === "test-set" || index.labels.length === 0;
  if (given === undefined && (!isMimic || own)) return undefined;
  if (own) {
    throw new DataError(
      index.labels.length === 0
        ? "the data have no labels that those of --test-labels could be compared with"
        : "--labels test-set tests on the radiologists' labels already; leave it or --test-labels out",
      { file: index.root },
    );
  }
  const path = given === undefined
    ? findTable(index.root, RADIOLOGIST_TABLES)
    : given === RADIOLOGISTS
    ? requireTable(index.root, RADIOLOGIST_TABLES, "the test studies' labels by radiologists")
    : given;
  if (path === undefined) return undefined;
  const isOwn = given === undefined || given === RADIOLOGISTS;
  return await readStates(index, { path, source: isOwn ? RADIOLOGISTS : basename(path), signal });
}

async function readStates(
  index: StudyIndex,
  { path, source, signal }: { path: string; source: string; signal: AbortSignal | undefined },
): Promise<TestLabels> {
  const { labels, studies } = index;
  const studyOf = new Map(studies.ids.map((id, study) => [id, study]));
  const labelled = new Uint8Array(studies.count);
  const states = new Uint8Array(studies.count * labels.length);
  await readLabelTable(path, {
    labels,
    onRow: ({ studyId, states: row, line, problem }) => {
      const study = studyOf.get(studyId);
      if (study === undefined) return;
      if (labelled[study] === 1) throw new DataError("the study has a row before; remove one", { file: path, line });
      if (row === undefined) throw new DataError(`${problem} is none of 1, 0, -1 and blank`);
      labelled[study] = 1;
      states.set(row, study * labels.length);
    },
    onBadRow: (reason, example) => index.drops.add(reason, example),
    signal,
  });
  if (!labelled.includes(1)) {
    throw new DataError(
      `none of its studies is one of the data in ${index.root}; take the table that belongs to this data set`,
      { file: path },
    );
  }
  return { source, labelled, states };
}
