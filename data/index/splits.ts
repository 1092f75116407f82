/**
 * Assigns subjects to the training, validation and test splits and checks that the splits are disjoint.
 *
 * @module
 */
import { readCsv } from "../readers/csv.ts";
import { DataError } from "../../base/errors.ts";
import { SeededRandom } from "../../base/random.ts";
import { quoted } from "../../base/safe_path.ts";
import { withoutDecimals } from "./cells.ts";
import { SPLITS, type StudyIndex } from "./study_index.ts";

/** Alternative names of the splits. */
const SPLIT_NAMES: Readonly<Record<string, number>> = {
  train: 0,
  training: 0,
  validate: 1,
  valid: 1,
  val: 1,
  validation: 1,
  dev: 1,
  test: 2,
  testing: 2,
};

/** The code of a split name (case-insensitive; `val`, `valid`, `validation` and `dev` also mean `validate`), or -1. */
export function splitCode(name: string): number {
  const lower = name.trim().toLowerCase();
  return Object.hasOwn(SPLIT_NAMES, lower) ? SPLIT_NAMES[lower]! : -1;
}

/**
 * The protocol's own split: 80 % of all listed subjects for training, 10 % for validation, 10 % for testing, drawn with
 * `seed`. It depends only on the set of subject identifiers and the seed, not on label or pair policies or row order.
 */
export function splitBySubject(subjectIds: readonly string[], seed: number): Int8Array {
  const order = Array.from(subjectIds, (_, i) => i);
  order.sort((a, b) => (subjectIds[a]! < subjectIds[b]! ? -1 : subjectIds[a]! > subjectIds[b]! ? 1 : 0));
  new SeededRandom("split", seed).shuffle(order);
  const tenth = Math.round(subjectIds.length / 10);
  const splits = new Int8Array(subjectIds.length);
  order.forEach((subject, rank) => {
    splits[subject] = rank < tenth ? 2 : rank < 2 * tenth ? 1 : 0;
  });
  return splits;
}

/**
 * Reads a split from a CSV file with the columns `subject` (or `subject_id`) and `split` (`train`, `validate`, `test`).
 * A subject may appear in several rows, but only with the same split. Returns a map from subject identifier to split
 * code.
 */
async function readSplitFile(path: string): Promise<Map<string, number>> {
  const splits = new Map<string, number>();
  await readCsv(path, {
    columns: ["subject", "split"],
    aliases: { subject_id: "subject" },
    onRow: ([cell, name], line) => {
      const subject = withoutDecimals(cell!);
      const split = splitCode(name!);
      if (split < 0) {
        throw new DataError(`${quoted(name!)} is no split; train, validate or test is required`, {
          file: path,
          line,
          column: "split",
        });
      }
      const known = splits.get(subject);
      if (known !== undefined && known !== split) {
        throw new DataError(
          `subject ${quoted(subject)} is in ${SPLITS[known]} and in ${SPLITS[split]}; no patient may be in two splits`,
          { file: path, line },
        );
      }
      splits.set(subject, split);
    },
  });
  return splits;
}

/** How subjects are assigned to splits; see {@linkcode applySplits}. */
export type SplitPolicy = "official" | "paper" | { file: string };

/** Sets the split of every subject for the policies other than `official`. */
export async function applySplits(
  index: StudyIndex,
  options: { policy: Exclude<SplitPolicy, "official">; seed: number },
): Promise<void> {
  const { subjects } = index;
  if (options.policy === "paper") {
    subjects.split.set(splitBySubject(subjects.ids, options.seed));
    return;
  }
  const splits = await readSplitFile(options.policy.file);
  for (let subject = 0; subject < subjects.count; subject++) {
    const id = subjects.ids[subject]!;
    // MIMIC patients may also be listed by folder name.
    subjects.split[subject] = splits.get(id) ?? splits.get(`p${id}`) ?? -1;
  }
}

/** Excludes studies whose subject has no split. */
export function dropUnsplit(index: StudyIndex): void {
  for (let study = 0; study < index.studies.count; study++) {
    if (index.splitOfStudy(study) >= 0) continue;
    index.dropStudy(
      study,
      { step: "split", reason: "study's subject is in no split", unit: "study", fault: true },
      `study ${index.studies.ids[study]}`,
    );
  }
}

/** Number of subjects (by identifier) that two splits share over the given studies, for each pair of splits. */
export function patientOverlap(
  index: StudyIndex,
  studies: Iterable<number>,
): { a: string; b: string; subjects: number }[] {
  const sets = SPLITS.map(() => new Set<string>());
  for (const study of studies) {
    sets[index.splitOfStudy(study)]?.add(index.subjects.ids[index.studies.subject[study]!]!);
  }
  const overlaps: { a: string; b: string; subjects: number }[] = [];
  for (let a = 0; a < SPLITS.length; a++) {
    for (let b = a + 1; b < SPLITS.length; b++) {
      overlaps.push({ a: SPLITS[a]!, b: SPLITS[b]!, subjects: sets[a]!.intersection(sets[b]!).size });
    }
  }
  return overlaps;
}

/** Throws a {@linkcode DataError} if a patient is in two splits. Called on every run. */
export function assertDisjointSplits(index: StudyIndex, studies: Iterable<number>): void {
  for (const { a, b, subjects } of patientOverlap(index, studies)) {
    if (subjects > 0) throw new DataError(`${subjects} patients are in both ${a} and ${b}; splits must go by patient`);
  }
}
