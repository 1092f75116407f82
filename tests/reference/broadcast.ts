/**
 * Float64 oracle of NumPy's broadcasting: evaluates a scalar function at every index.
 *
 * @module
 */
import { broadcastShapes, type Shape, sizeOf } from "../../runtime/graph/shape.ts";

/** f applied with broadcasting. */
export function broadcastReference(
  f: (...args: number[]) => number,
  inputs: readonly { shape: Shape; data: ArrayLike<number> }[],
): Float64Array {
  const shape = broadcastShapes("reference", inputs.map((input) => input.shape));
  const result = new Float64Array(sizeOf(shape));
  const index = new Array<number>(shape.length).fill(0);
  for (let i = 0; i < result.length; i++) {
    result[i] = f(...inputs.map(({ shape: own, data }) => {
      const lead = shape.length - own.length;
      const at = own.reduce((sum, size, axis) => sum * size + (size === 1 ? 0 : index[lead + axis]!), 0);
      return data[at]!;
    }));
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]!++;
      if (index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
  }
  return result;
}
