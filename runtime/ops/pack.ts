/**
 * Packing tensors into one slab, so that one dispatch can work on all of them.
 *
 * @module
 */
import { apply, defineOp, requireFloat } from "../graph/op.ts";
import type { Op, Tensor } from "../graph/tensor.ts";
import { slabLayout } from "../graph/state.ts";

/** Where each input starts in the slab, in elements, and the slab's length. */
export interface PackAttributes {
  readonly offsets: readonly number[];
  readonly length: number;
}

const packOp: Op<PackAttributes> = defineOp({
  name: "pack",
  infer(inputs, { length }) {
    requireFloat("pack", inputs);
    return [{ shape: [length], dtype: "f32" }];
  },
  pack: true,
});

/**
 * One flat tensor that holds all of `tensors` in the layout of {@link slabLayout}: the layout of a slab of states with the same
 * shapes. The compiler lets each tensor's own kernel write straight into the slab, so that packing costs nothing; where
 * it cannot (an input, a state, a tensor packed twice) it copies. The padding between tensors is not defined.
 */
export function pack(tensors: readonly Tensor[]): Tensor {
  const { offsets, length } = slabLayout(tensors.map((tensor) => tensor.shape));
  return apply(packOp, tensors, { offsets, length })[0]!;
}
