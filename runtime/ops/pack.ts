/**
 * Packs tensors into one slab, so that a single dispatch can process all of them.
 *
 * @module
 */
import { apply, defineOp, requireFloat } from "../graph/op.ts";
import type { Op, PackLayout, Tensor } from "../graph/tensor.ts";
import { slabLayout } from "../graph/state.ts";

const packOp: Op<PackLayout> = defineOp({
  name: "pack",
  infer(inputs, { length }) {
    requireFloat("pack", inputs);
    return [{ shape: [length], dtype: "f32" }];
  },
  pack: true,
});

/**
 * One flat tensor that holds all of `tensors` in the layout of {@link slabLayout}: the layout of a slab of states
 * with the same shapes. Kernels write their results directly to the slab where possible, so that packing is free;
 * inputs, states and tensors that are packed twice are copied. The padding between tensors is undefined.
 */
export function pack(tensors: readonly Tensor[]): Tensor {
  const { offsets, length } = slabLayout(tensors.map((tensor) => tensor.shape));
  return apply(packOp, tensors, { offsets, length })[0]!;
}
