/**
 * Tensors that hold one value everywhere.
 *
 * @module
 */
import { apply, defineOp } from "../graph/op.ts";
import type { Shape } from "../graph/shape.ts";
import type { Op, Tensor } from "../graph/tensor.ts";

const fullOp: Op<{ value: number; shape: Shape }> = defineOp({
  name: "full",
  infer: (_, { shape }) => [{ shape, dtype: "f32" }],
  pointwise: (_, { attributes, constant }) => constant(attributes.value),
});

/** A tensor that holds one value everywhere; it is free within a fused chain. */
export function full(shape: Shape, value: number): Tensor {
  return apply(fullOp, [], { value, shape })[0]!;
}

/** The value of an op made by {@link full}, else `undefined`. */
export function fullValueOf(op: Op<unknown>, attributes: unknown): number | undefined {
  return op === fullOp ? (attributes as { value: number }).value : undefined;
}

/** Zeros. */
export function zeros(shape: Shape): Tensor {
  return full(shape, 0);
}

/** Ones. */
export function ones(shape: Shape): Tensor {
  return full(shape, 1);
}
