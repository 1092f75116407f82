/**
 * The training encodings that a probe sees.
 *
 * @module
 */
import { FastRandom } from "../../base/random.ts";
import { splitCode, type StudyTable } from "./study_table.ts";

/** Most training encodings, as published. */
export const MAX_ENCODINGS = 20_000;

/**
 * Rows of the labelled part of the training studies, thinned uniformly with the seed.
 *
 * @param rowStudies The study of each row.
 * @param options.most Most rows; {@linkcode MAX_ENCODINGS} by default.
 */
export function labelledRows(
  rowStudies: Int32Array,
  options: { table: StudyTable; fraction: number; seed: number; most?: number | undefined },
): Int32Array {
  const { table, fraction, seed, most = MAX_ENCODINGS } = options;
  const labelled = new Set(table.labelledStudies({ fraction, seed }));
  const code = splitCode("train");
  const rows = Int32Array.from(rowStudies, (_, row) => row)
    .filter((row) => labelled.has(rowStudies[row]!) && table.splits[rowStudies[row]!] === code);
  if (rows.length <= most) return rows;
  return Int32Array.from(new FastRandom(seed, 1).shuffle([...rows]).slice(0, most)).sort();
}
