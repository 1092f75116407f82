/**
 * k-means clustering: Lloyd's algorithm (1982) from the initial centres of k-means++ (Arthur and Vassilvitskii, 2007).
 *
 * @module
 */
import { FastRandom } from "../../../base/random.ts";
import type { Matrix } from "../../probes/matrix.ts";

/** Options of {@linkcode kMeans}. */
export interface KMeansOptions {
  /** Number of clusters. */
  readonly clusters: number;
  /** Seed of the initial centres; 0 by default. */
  readonly seed?: number;
  /** Repetitions with other initial centres, of which the best counts; 10 by default. */
  readonly restarts?: number;
  /** Most iterations of a repetition; 300 by default. */
  readonly iterations?: number;
}

/** A clustering of rows. */
export interface KMeans {
  /** The cluster of each row. */
  readonly assignment: Int32Array;
  /** The clusters' means, row-major `clusters x columns`. */
  readonly centres: Float64Array;
  /** Sum of the squared distances of the rows from their centres. */
  readonly inertia: number;
}

/**
 * Clusters the rows of a matrix.
 *
 * @throws RangeError unless there are between one and as many clusters as rows.
 */
export function kMeans(points: Matrix, options: KMeansOptions): KMeans {
  const { clusters, seed = 0, restarts = 10, iterations = 300 } = options;
  if (!Number.isInteger(clusters) || clusters < 1 || clusters > points.rows) {
    throw new RangeError(`${points.rows} points can form 1 to ${points.rows} clusters, but not ${clusters}`);
  }
  let best: KMeans | undefined;
  for (let restart = 0; restart < restarts; restart++) {
    const found = lloyd(
      points,
      initialCentres(points, { clusters, random: new FastRandom(seed, 3, restart) }),
      iterations,
    );
    if (best === undefined || found.inertia < best.inertia) best = found;
  }
  return best!;
}

/** Squared distance of a row from a centre. */
function distance({ values, columns }: Matrix, row: number, { centres, k }: { centres: Float64Array; k: number }) {
  let sum = 0;
  for (let j = 0, p = row * columns, c = k * columns; j < columns; j++, p++, c++) {
    sum += (values[p]! - centres[c]!) ** 2;
  }
  return sum;
}

/** Draws centres from the rows, each with a probability proportional to its squared distance from those before. */
function initialCentres(points: Matrix, { clusters, random }: { clusters: number; random: FastRandom }): Float64Array {
  const { values, rows, columns } = points;
  const centres = new Float64Array(clusters * columns);
  const nearest = new Float64Array(rows).fill(Infinity);
  for (let k = 0; k < clusters; k++) {
    const row = k === 0 ? random.below(rows) : weightedDraw(nearest, random.uniform());
    centres.set(values.subarray(row * columns, (row + 1) * columns), k * columns);
    for (let i = 0; i < rows; i++) nearest[i] = Math.min(nearest[i]!, distance(points, i, { centres, k }));
  }
  return centres;
}

/** The index that a uniform number selects in proportion to the weights; the last one if all are zero. */
function weightedDraw(weights: Float64Array, uniform: number): number {
  let left = uniform * weights.reduce((sum, weight) => sum + weight, 0);
  for (let i = 0; i < weights.length; i++) {
    left -= weights[i]!;
    if (left < 0) return i;
  }
  return weights.length - 1;
}

function lloyd(points: Matrix, centres: Float64Array, iterations: number): KMeans {
  const { values, rows, columns } = points;
  const clusters = centres.length / columns;
  const assignment = new Int32Array(rows).fill(-1);
  let inertia = 0;
  for (let round = 0; round < iterations; round++) {
    let changed = false;
    inertia = 0;
    for (let i = 0; i < rows; i++) {
      let [best, least] = [0, Infinity];
      for (let k = 0; k < clusters; k++) {
        const d = distance(points, i, { centres, k });
        if (d < least) [best, least] = [k, d];
      }
      inertia += least;
      changed ||= assignment[i] !== best;
      assignment[i] = best;
    }
    if (!changed) break;
    const counts = new Float64Array(clusters);
    const sums = new Float64Array(centres.length);
    for (let i = 0; i < rows; i++) {
      const k = assignment[i]!;
      counts[k]!++;
      for (let j = 0; j < columns; j++) sums[k * columns + j]! += values[i * columns + j]!;
    }
    // A cluster that lost all points keeps its centre.
    for (let c = 0; c < sums.length; c++) {
      const count = counts[Math.floor(c / columns)]!;
      if (count > 0) centres[c] = sums[c]! / count;
    }
  }
  return { assignment, centres, inertia };
}
