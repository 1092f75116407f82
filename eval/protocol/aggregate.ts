/**
 * Aggregation from pairs to studies, so that a study with several images counts once.
 *
 * @module
 */
import type { Matrix } from "../probes/matrix.ts";

/**
 * Averages values by study.
 *
 * @param values One number per row.
 * @param options.rowStudies The study of each row.
 * @param options.studies The studies to average; rows of other studies are ignored.
 * @returns Per entry of `studies`, the mean of its rows; NaN if it has none.
 */
export function meanByStudy(
  values: ArrayLike<number>,
  { rowStudies, studies }: { rowStudies: ArrayLike<number>; studies: ArrayLike<number> },
): Float64Array {
  const column = { values: Float64Array.from(values), rows: values.length, columns: 1 };
  return meanRowsByStudy(column, { rowStudies, studies }).values;
}

/** Averages rows by study, like {@linkcode meanByStudy}. */
export function meanRowsByStudy(
  { values, rows, columns }: Matrix,
  { rowStudies, studies }: { rowStudies: ArrayLike<number>; studies: ArrayLike<number> },
): Matrix & { readonly values: Float64Array } {
  const place = new Map(Array.from(studies, (study, i) => [study, i]));
  const sums = new Float64Array(studies.length * columns);
  const counts = new Float64Array(studies.length);
  for (let row = 0; row < rows; row++) {
    const i = place.get(rowStudies[row]!);
    if (i === undefined) continue;
    counts[i]!++;
    for (let j = 0; j < columns; j++) sums[i * columns + j]! += values[row * columns + j]!;
  }
  for (let i = 0; i < sums.length; i++) sums[i]! /= counts[Math.floor(i / columns)]!;
  return { values: sums, rows: studies.length, columns };
}
