/**
 * Counts of cases in patient-level resamples, for rates and their differences.
 *
 * @module
 */
import { drawWeights } from "./bootstrap_jobs.ts";
import { type BootstrapOptions, numberSubjects } from "./bootstrap.ts";

/**
 * Counts the cases of each cell in every resample. The resamples are those of {@linkcode bootstrapScores}, so that
 * rates belong to the same draws as AUROCs.
 *
 * @param subjectIds The patient of each case.
 * @param columns Per column, the cell of each case in [0, cells), or -1 for none.
 * @returns Per column and resample, the weighted number of cases in each cell: `[column][b * cells + cell]`.
 */
export function bootstrapCounts(
  subjectIds: readonly string[],
  columns: readonly Int16Array[],
  { cells, resamples = 1000, seed = 0 }: BootstrapOptions & { readonly cells: number },
): Float64Array[] {
  const setup = { ...numberSubjects(subjectIds), ranked: [], right: null, seed };
  const weights = new Int32Array(subjectIds.length);
  const drawn = new Int32Array(setup.subjects);
  const counts = columns.map(() => new Float64Array(resamples * cells));
  for (let b = 0; b < resamples; b++) {
    drawWeights(weights, drawn, setup, b);
    columns.forEach((column, k) => {
      const into = counts[k]!;
      for (let i = 0; i < column.length; i++) {
        if (column[i]! >= 0) into[b * cells + column[i]!]! += weights[i]!;
      }
    });
  }
  return counts;
}
