/**
 * Rejects data sets of which most images are missing or unreadable.
 *
 * @module
 */
import { DataError } from "../../base/errors.ts";
import type { DropEntry } from "./drop_log.ts";
import type { StudyIndex } from "./study_index.ts";

/** A data set that loses at least this share of its images to faults is rejected. */
const MAX_LOST = 0.75;
/** With fewer images than this the share means little, so only a total loss is rejected. */
const FEW_IMAGES = 10;

/**
 * Rejects an index that lost most of its images to bad input (missing files, unreadable rows): training on the rest
 * would silently use a different data set. Exclusions by policy do not count.
 *
 * @throws {DataError} with the share lost, the reasons, and an example of each.
 */
export function refuseMostlyLost(index: StudyIndex): void {
  const { images, studies, drops } = index;
  const unlisted = Math.max(0, index.listed - images.count);
  const lostBy = new Map<DropEntry, number>();
  for (const entry of drops.entries()) {
    if (entry.step === "rows" && entry.fault && unlisted > 0) lostBy.set(entry, entry.count);
  }
  let lost = unlisted;
  for (let image = 0; image < images.count; image++) {
    const code = images.dropped[image]! || studies.dropped[images.study[image]!]!;
    if (code === 0) continue;
    const entry = drops.entry(code);
    if (!entry.fault) continue;
    lost++;
    lostBy.set(entry, (lostBy.get(entry) ?? 0) + 1);
  }
  const total = unlisted + images.count;
  if (total === 0 || lost < (total < FEW_IMAGES ? total : MAX_LOST * total)) return;
  const reasons = [...lostBy].sort((a, b) => b[1] - a[1]).slice(0, 3)
    .map(([{ reason, examples }, count]) => `${reason} (${count}, for example ${examples[0]})`);
  throw new DataError(
    `${lost} of ${total} images cannot be used: ${
      reasons.join("; ")
    }; check that this is the right directory and that ` +
      "everything was unpacked, or go on with what is there by --partial",
    { file: index.root },
  );
}
