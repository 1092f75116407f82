/**
 * Ops that reinterpret memory without running anything.
 *
 * @module
 */
import { apply, defineOp } from "../graph/op.ts";
import type { Op, Tensor } from "../graph/tensor.ts";
import { full, fullValueOf } from "./fill.ts";
import { formatShape, sameShape, type Shape, sizeOf } from "../graph/shape.ts";

const reshapeOp: Op<{ shape: Shape }> = defineOp({
  name: "reshape",
  infer([x], { shape }) {
    if (sizeOf(shape) !== sizeOf(x!.shape)) {
      throw new RangeError(
        `reshape() cannot turn shape ${formatShape(x!.shape)} into ${formatShape(shape)}: sizes differ`,
      );
    }
    return [{ shape, dtype: x!.dtype }];
  },
  alias: true,
  vjp: ({ inputs: [x], cotangents: [g] }) => [g && reshape(g, x!.shape)],
});

/**
 * The same elements in the same order, with another shape. One size may be -1 and is inferred.
 *
 * @throws {RangeError} where the sizes do not multiply to the same number.
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const open = shape.indexOf(-1);
  const known = shape.reduce((product, size) => (size === -1 ? product : product * size), 1);
  const wanted = open < 0 ? shape : shape.map((size, axis) => (axis === open ? x.size / known : size));
  if (sameShape(x.shape, wanted)) return x;
  const fill = fullValueOf(x.node.op, x.node.attributes);
  if (fill !== undefined && sizeOf(wanted) === x.size) return full(wanted, fill);
  return apply(reshapeOp, [x], { shape: wanted })[0]!;
}

/** Merges all axes from `start` on into one; by default all but the first. */
export function flatten(x: Tensor, start = 1): Tensor {
  return reshape(x, [...x.shape.slice(0, start), -1]);
}
