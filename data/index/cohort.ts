/**
 * The cohort flow: how many images, studies and subjects each exclusion step removes.
 *
 * @module
 */
import { DROP_STEPS, type DropEntry } from "./drop_log.ts";
import type { PairTable } from "./pairs.ts";
import type { StudyIndex } from "./study_index.ts";

/** The counts that remain after one step of the cohort flow. */
export interface CohortStep {
  /** Name of the selection step. */
  step: string;
  /** Why the others were excluded. */
  reason: string;
  /** Number of images. */
  images: number;
  /** Number of studies. */
  studies: number;
  /** Number of patients. */
  subjects: number;
}

/**
 * The cohort flow, from the images the data set lists to those the pairs use: one row per exclusion reason, with the
 * images, studies and subjects remaining after it.
 */
export function cohortTable(index: StudyIndex, pairs: PairTable): CohortStep[] {
  const { images } = index;
  const rows: CohortStep[] = [];
  const kept = new Uint8Array(images.count).fill(1);
  const push = (step: string, reason: string, rejected = 0) => {
    const counts = countKept(index, kept);
    rows.push({ step, reason, ...counts, images: counts.images + rejected });
  };
  push("listed", "", index.listed - images.count);
  const entries = index.drops.entries();
  const refused = entries.filter((entry) => entry.step === "rows");
  if (refused.length > 0) push("rows", refused.map(describe).join("; "));
  for (const entry of entries) {
    if (entry.step === "rows") continue;
    const code = index.drops.code(entry);
    for (let image = 0; image < images.count; image++) {
      if (images.dropped[image] === code || index.studies.dropped[images.study[image]!] === code) kept[image] = 0;
    }
    push(entry.step, describe(entry));
  }
  for (const entry of pairs.drops.entries().filter((entry) => entry.step === "views")) {
    for (let image = 0; image < images.count; image++) {
      const blank = images.positions[images.position[image]!] === "";
      if (images.view[image]! < 0 && blank === (entry.reason === "view position is blank")) kept[image] = 0;
    }
    push(entry.step, describe(entry));
  }
  const used = new Uint8Array(images.count);
  for (const image of pairs.images) if (image >= 0) used[image] = 1;
  const unpaired = pairs.drops.entries().filter((entry) => entry.step === "pairs").map(describe).join("; ");
  kept.set(used);
  push("pairs", unpaired);
  return rows;
}

/** All exclusion reasons in the order of the cohort flow; those of the pair policy come last. */
export function dropEntries(index: StudyIndex, pairs: PairTable): DropEntry[] {
  return [...index.drops.entries(), ...pairs.drops.entries()].sort((a, b) =>
    DROP_STEPS.indexOf(a.step) - DROP_STEPS.indexOf(b.step)
  );
}

function describe(entry: DropEntry): string {
  return `${entry.reason} (${entry.count})`;
}

function countKept(index: StudyIndex, kept: Uint8Array): Omit<CohortStep, "step" | "reason"> {
  const studies = new Uint8Array(index.studies.count);
  const subjects = new Uint8Array(index.subjects.count);
  const counts = { images: 0, studies: 0, subjects: 0 };
  for (let image = 0; image < kept.length; image++) {
    if (kept[image] === 0) continue;
    counts.images++;
    const study = index.images.study[image]!;
    if (studies[study] === 0) counts.studies++;
    studies[study] = 1;
    const subject = index.studies.subject[study]!;
    if (subjects[subject] === 0) counts.subjects++;
    subjects[subject] = 1;
  }
  return counts;
}
