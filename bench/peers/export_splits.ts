/**
 * Writes the pixels of a data set's pairs as raw files, for the tables that PyTorch makes from them.
 *
 * @module
 */
import { join } from "node:path";
import { makeFolder, writeFileAtomic } from "../../base/atomic_file.ts";
import { fillBatch, pairsOfSplit, type PairTable, type Split, SPLITS } from "../../data/mod.ts";
import type { RunData } from "../../training/mod.ts";

/**
 * Writes `SPLIT.pixels` into a folder, bytes [M, N, S, S], for each split.
 *
 * @returns The pairs of each split, in the order of the files' N.
 */
export async function exportSplits(
  { index, pixels, pairs }: Pick<RunData, "index" | "pixels" | "pairs">,
  directory: string,
): Promise<Record<Split, PairTable>> {
  await makeFolder(directory);
  const splits = SPLITS.map((split) => [split, pairsOfSplit(index, pairs, split)] as const);
  for (const [split, { count, images, views }] of splits) {
    const into = {
      pixels: new Uint8Array(views * count * pixels.bytesPerImage),
      present: new Float32Array(count * views),
    };
    fillBatch(pixels, { images, views, rows: Uint32Array.from({ length: count }, (_, row) => row), into });
    await writeFileAtomic(join(directory, `${split}.pixels`), into.pixels);
  }
  return Object.fromEntries(splits) as Record<Split, PairTable>;
}
