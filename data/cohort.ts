import { DROP_STEPS, type DropEntry } from "./drop_log.ts";
import type { PairTable } from "./pairs.ts";
import type { StudyIndex } from "./study_index.ts";

/** What was left after one step of the cohort flow. */
export interface CohortStep {
  step: string;
  /** Why the others went. */
  reason: string;
  images: number;
  studies: number;
  subjects: number;
}

/**
 * The cohort flow, from what the data set lists to what the pairs use: one row a reason for leaving something out, with the
 * images, studies and subjects left after it.
 */
export function cohortTable(index: StudyIndex, pairs: PairTable): CohortStep[] {
  const { images } = index;
  const rows: CohortStep[] = [];
  const kept = new Uint8Array(images.count).fill(1);
  let rejected = 0;
  const push = (step: string, reason: string, extra: number) =>
    rows.push({ step, reason, ...countKept(index, kept, extra) });
  push("listed", "", index.listed - images.count);
  const reasons: { entry: DropEntry; code: number }[] = index.drops.entries().map((entry) => ({
    entry,
    code: index.drops.code(entry),
  }));
  for (const { entry, code } of reasons) {
    if (entry.unit === "row") {
      // Rows of the image list that became no image; rows of other tables cost no image.
      if (entry.step === "rows") rejected = Math.min(rejected + entry.count, index.listed - images.count);
    }
    for (let image = 0; image < images.count; image++) {
      if (images.dropped[image] === code || index.studies.dropped[images.study[image]!] === code) kept[image] = 0;
    }
    push(entry.step, describe(entry), index.listed - images.count - rejected);
  }
  for (const entry of pairs.drops.entries().filter((entry) => entry.step === "views")) {
    for (let image = 0; image < images.count; image++) {
      const blank = images.positions[images.position[image]!] === "";
      if (images.view[image]! < 0 && blank === (entry.reason === "view position is blank")) kept[image] = 0;
    }
    push(entry.step, describe(entry), 0);
  }
  const used = new Uint8Array(images.count);
  for (const image of pairs.images) if (image >= 0) used[image] = 1;
  const unpaired = pairs.drops.entries().filter((entry) => entry.step === "pairs").map(describe).join("; ");
  kept.set(used);
  push("pairs", unpaired, 0);
  return rows;
}

/** All reasons in the order of the cohort flow, those of the pair policy last. */
export function dropEntries(index: StudyIndex, pairs: PairTable): DropEntry[] {
  return [...index.drops.entries(), ...pairs.drops.entries()].sort((a, b) =>
    DROP_STEPS.indexOf(a.step) - DROP_STEPS.indexOf(b.step)
  );
}

function describe(entry: DropEntry): string {
  return `${entry.reason} (${entry.count})`;
}

function countKept(index: StudyIndex, kept: Uint8Array, extra: number): Omit<CohortStep, "step" | "reason"> {
  const studies = new Uint8Array(index.studies.count);
  const subjects = new Uint8Array(index.subjects.count);
  const counts = { images: extra, studies: 0, subjects: 0 };
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
