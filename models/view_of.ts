/**
 * Selects one view of a tensor that is stacked over views.
 *
 * @module
 */
import { reshape, slice, type Tensor } from "../runtime/mod.ts";

/** Part m of a tensor [M, ...]: [...]. */
export function viewOf(stacked: Tensor, m: number): Tensor {
  const [, ...rest] = stacked.shape;
  const starts = stacked.shape.map((_, axis) => (axis === 0 ? m : 0));
  return reshape(slice(stacked, { starts, sizes: [1, ...rest] }), rest);
}
