/**
 * Quantises features to at most 256 bins, so that trees find splits from histograms instead of by sorting.
 *
 * @module
 */
import { checkMatrix, type Matrix } from "./matrix.ts";

/** Bins per feature: as many as fit in a byte. */
export const BINS = 256;

/** A matrix of bin numbers, column-major because a tree reads one feature of many cases at a time. */
export interface BinnedMatrix {
  readonly bins: Uint8Array;
  readonly rows: number;
  readonly columns: number;
}

/** Per column, the ascending edges between bins: a value's bin is the number of edges at or below it. */
export type BinEdges = readonly Float64Array[];

/** The midpoint of two values, above the lower one even if they are adjacent floating-point numbers. */
function edgeBetween(below: number, above: number): number {
  const middle = below + (above - below) / 2;
  return middle > below ? middle : above;
}

/** Edges of one column: between all distinct values if there are few, else between quantiles. */
function columnEdges(sorted: Float64Array): Float64Array {
  const distinct = sorted.filter((value, i) => i === 0 || value !== sorted[i - 1]);
  const edges: number[] = [];
  if (distinct.length <= BINS) {
    for (let i = 1; i < distinct.length; i++) edges.push(edgeBetween(distinct[i - 1]!, distinct[i]!));
    return Float64Array.from(edges);
  }
  for (let bin = 1; bin < BINS; bin++) {
    // Half-way to the next distinct value, where a split on the unquantised values would lie.
    const place = Math.floor(bin * sorted.length / BINS);
    const above = sorted[place]!;
    let below = place - 1;
    while (below >= 0 && sorted[below] === above) below--;
    const edge = below < 0 ? above : edgeBetween(sorted[below]!, above);
    if (below >= 0 && edge !== edges.at(-1)) edges.push(edge);
  }
  return Float64Array.from(edges);
}

/**
 * Finds the bin edges of every column of the training features.
 *
 * @throws RangeError naming the row and column of a NaN or infinite feature.
 */
export function findBinEdges(features: Matrix): BinEdges {
  checkMatrix(features, "the features");
  const { values, rows, columns } = features;
  const column = new Float64Array(rows);
  return Array.from({ length: columns }, (_, j) => {
    for (let i = 0; i < rows; i++) column[i] = values[i * columns + j]!;
    return columnEdges(column.slice().sort());
  });
}

/**
 * Replaces every value by its bin number.
 *
 * @throws RangeError if the number of columns differs from that of the edges, or naming the row and column of a NaN or
 * infinite feature.
 */
export function binFeatures(features: Matrix, edges: BinEdges): BinnedMatrix {
  checkMatrix(features, "the features");
  const { values, rows, columns } = features;
  if (edges.length !== columns) {
    throw new RangeError(`the bins are for ${edges.length} features, but the matrix has ${columns}`);
  }
  const bins = new Uint8Array(rows * columns);
  for (let j = 0; j < columns; j++) {
    const cuts = edges[j]!;
    for (let i = 0; i < rows; i++) {
      const value = values[i * columns + j]!;
      let low = 0;
      let high = cuts.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (value >= cuts[middle]!) low = middle + 1;
        else high = middle;
      }
      bins[j * rows + i] = low;
    }
  }
  return { bins, rows, columns };
}
