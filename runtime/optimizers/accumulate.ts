/**
 * Gradient accumulation: the gradient of a large batch from micro-batches that fit into memory, one after another.
 *
 * @module
 */
import { input } from "../graph/leaf.ts";
import { apply, defineOp } from "../graph/op.ts";
import type { State } from "../graph/state.ts";
import type { Op, Tensor } from "../graph/tensor.ts";
import { lowerAccumulate } from "../kernels/optimizer/optimizer.ts";
import { requireSlabs } from "./gradient_norm.ts";

/** Inputs: total, values, hyper. */
const accumulateOp: Op<Record<string, never>> = defineOp({
  name: "accumulate",
  infer(inputs) {
    requireSlabs("accumulate", inputs.slice(0, 2));
    return [];
  },
  mutates: [0],
  lower: ({ inputs: [total], target }) => lowerAccumulate({ length: total!.shape[0]!, target }),
});

const INPUT = "accumulate.hyper";

/**
 * Adds a slab's values, weighted, to a total: one micro-batch's share. The program under construction then needs the
 * input returned by {@link accumulateInput}, also if several totals are kept.
 *
 * @param total A state as long as the values, a multiple of 4.
 * @throws {RangeError} unless both have the same length.
 */
export function accumulate(total: State, values: Tensor): void {
  requireSlabs("accumulate", [total, values]);
  apply(accumulateOp, [total.tensor, values, input(INPUT, { shape: [2] })], {});
}

/**
 * The input of a micro-batch, so that the total of all is their mean.
 *
 * @param micro Number of the micro-batch within its step, from 0; the first starts from zero.
 * @param options.of Micro-batches of a step.
 */
export function accumulateInput(micro: number, options: { of: number }): Record<string, Float32Array> {
  return { [INPUT]: Float32Array.of(1 / options.of, micro === 0 ? 1 : 0) };
}
