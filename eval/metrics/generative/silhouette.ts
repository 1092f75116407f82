/**
 * The silhouette coefficient of a clustering (Rousseeuw, 1987).
 *
 * @module
 */
import type { Matrix } from "../../probes/matrix.ts";

/**
 * Computes the mean silhouette coefficient, by Euclidean distance: (b - a) / max(a, b), with a case's mean distance a
 * from the others of its cluster and b from those of the nearest other cluster; 0 for a case that is alone in its
 * cluster. Takes time in proportion to the square of the number of cases.
 *
 * @param assignment The cluster of each row, from 0.
 * @returns A number in [-1, 1], or `null` if there are fewer than two clusters.
 * @throws RangeError if there is not one cluster a row.
 */
export function silhouette({ values, rows, columns }: Matrix, assignment: ArrayLike<number>): number | null {
  if (assignment.length !== rows) {
    throw new RangeError(`${rows} rows have ${assignment.length} clusters; give each one`);
  }
  const names = [...new Set(Array.from(assignment))];
  if (names.length < 2) return null;
  const cluster = Array.from(assignment, (name) => names.indexOf(name));
  const counts = names.map((_, k) => cluster.filter((other) => other === k).length);
  let total = 0;
  for (let i = 0; i < rows; i++) {
    const own = cluster[i]!;
    if (counts[own] === 1) continue;
    const sums = new Float64Array(names.length);
    for (let j = 0; j < rows; j++) {
      let square = 0;
      for (let c = 0; c < columns; c++) square += (values[i * columns + c]! - values[j * columns + c]!) ** 2;
      sums[cluster[j]!]! += Math.sqrt(square);
    }
    const within = sums[own]! / (counts[own]! - 1);
    const nearest = Math.min(...counts.flatMap((count, k) => k === own ? [] : sums[k]! / count));
    const larger = Math.max(within, nearest);
    if (larger > 0) total += (nearest - within) / larger;
  }
  return total / rows;
}
