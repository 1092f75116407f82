/**
 * Float64 oracle of reductions: plain loops over every element.
 *
 * @module
 */
import type { Shape } from "../../runtime/graph/shape.ts";

/** Reduces `data` over `axes`; the result keeps the other axes in order. */
export function reduceReference(
  data: ArrayLike<number>,
  options: { shape: Shape; axes: readonly number[]; combine: (a: number, b: number) => number; start: number },
): Float64Array {
  const { shape, axes, combine, start } = options;
  const kept = shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const size = kept.reduce((product, axis) => product * shape[axis]!, 1);
  const result = new Float64Array(size).fill(start);
  const index = new Array<number>(shape.length).fill(0);
  for (let i = 0; i < data.length; i++) {
    const at = kept.reduce((sum, axis) => sum * shape[axis]! + index[axis]!, 0);
    result[at] = combine(result[at]!, data[i]!);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]!++;
      if (index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
  }
  return result;
}

/** All subsets of the axes of a rank. */
export function axisSubsets(rank: number): number[][] {
  return Array.from(
    { length: 2 ** rank },
    (_, bits) => Array.from({ length: rank }, (_, axis) => axis).filter((axis) => bits >> axis & 1),
  );
}
