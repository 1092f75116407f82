/**
 * Where the latents of a pair are.
 *
 * @module
 */
import type { PairTable } from "../../data/mod.ts";

/** The row of each pair among a view's latents, which are those of the pairs that have the view, in order; else -1. */
export function rowsOfPairs({ count, views, images }: PairTable, view: number): Int32Array {
  let next = 0;
  return Int32Array.from({ length: count }, (_, pair) => images[pair * views + view]! >= 0 ? next++ : -1);
}
