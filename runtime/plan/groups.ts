/**
 * Groups of items that become one unit; see `fusion.ts`.
 *
 * @module
 */
import type { Item, Value } from "../graph/graph.ts";
import { fullValueOf } from "../ops/fill.ts";

/** Items that run together. */
export interface Group {
  readonly index: number;
  readonly items: Item[];
  readonly pointwise: boolean;
}

/** Further buffers bound by a kernel with an epilogue: a placeholder for a missing bias. */
export const STAND_INS = 1;

/** The values that a set of pointwise items reads from outside, and those of its results that are used outside. */
export function boundary(items: readonly Item[], kept: ReadonlySet<Value>): { inputs: Value[]; stored: Value[] } {
  const inside = new Set(items);
  const inputs = new Set<Value>();
  const stored: Value[] = [];
  for (const item of items) {
    for (const value of item.inputs) {
      if (!inside.has(value.producer) && fullValueOf(value.producer.op, value.producer.attributes) === undefined) {
        inputs.add(value);
      }
    }
    const value = item.outputs[0]!;
    if (kept.has(value) || value.uses.some((use) => !inside.has(use))) stored.push(value);
  }
  return { inputs: [...inputs], stored };
}
