/**
 * Row lookup by index, as in embeddings.
 *
 * @module
 */
import { type Lookup, lowerGather, lowerGatherGradient } from "../kernels/movement/gather.ts";
import { constantData, constantOp } from "../graph/leaf.ts";
import { apply, defineOp, requireFloat } from "../graph/op.ts";
import type { Op, Tensor } from "../graph/tensor.ts";
import { formatShape, type Shape, sizeOf } from "../graph/shape.ts";

function lookupOf(table: Shape, indices: Shape): Lookup {
  return { rows: table[0]!, columns: sizeOf(table.slice(1)), count: sizeOf(indices) };
}

const gatherOp: Op<Record<string, never>> = defineOp({
  name: "gather",
  infer([table, indices]) {
    requireFloat("gather", [table!]);
    if (table!.shape.length < 1 || indices!.dtype !== "u32") {
      throw new TypeError(
        `gather() needs a table with rows and u32 indices, got f32 ${formatShape(table!.shape)} and ${
          indices!.dtype
        } ` +
          formatShape(indices!.shape),
      );
    }
    return [{ shape: [...indices!.shape, ...table!.shape.slice(1)], dtype: "f32" }];
  },
  lower: ({ inputs: [table, indices] }) => lowerGather(lookupOf(table!.shape, indices!.shape)),
  vjp: ({ inputs: [table, indices], cotangents: [g] }) => [
    g && apply(gatherGradientOp, [g, indices!], { shape: table!.shape })[0]!,
  ],
});

const gatherGradientOp: Op<{ shape: Shape }> = defineOp({
  name: "gather_gradient",
  infer: (_, { shape }) => [{ shape, dtype: "f32" }],
  lower: ({ inputs: [, indices], attributes: { shape } }) => lowerGatherGradient(lookupOf(shape, indices!.shape)),
  vjp: ({ inputs: [, indices], cotangents: [g] }) => [g && gather(g, indices!)],
});

/**
 * table[indices]: row `indices[i]` of `table` for every i.
 *
 * Indices that are only known on the GPU are checked there: an index out of range gives a row of NaN and contributes
 * nothing to the gradient. The gradient sums the rows of equal indices in a fixed order, without atomics.
 *
 * @param table f32 [R, ...].
 * @param indices u32 of any shape.
 * @returns [...shape of indices, ...].
 * @throws {RangeError} if `indices` is a constant with an entry that is not below R.
 */
export function gather(table: Tensor, indices: Tensor): Tensor {
  if (indices.node.op === constantOp && indices.dtype === "u32") {
    const data = constantData(indices);
    const bad = data.findIndex((row) => row >= table.shape[0]!);
    if (bad >= 0) {
      throw new RangeError(
        `gather(): index ${bad} is ${data[bad]}, but a table of shape ${formatShape(table.shape)} has ${
          table.shape[0]
        } rows`,
      );
    }
  }
  return apply(gatherOp, [table, indices], {})[0]!;
}
