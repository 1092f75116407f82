/**
 * Shapes and element types, and NumPy's rules for broadcasting and axes.
 *
 * @module
 */

/** Element types on the GPU. Everything that is differentiated is `f32`. */
export type DType = "f32" | "u32";

/** Sizes by axis; `[]` is a scalar. */
export type Shape = readonly number[];

/** Shape and element type of a tensor. */
export interface TensorSpec {
  /** Sizes of the axes. */
  readonly shape: Shape;
  /** Type of the elements. */
  readonly dtype: DType;
}

/** Number of elements of a shape. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** True for equal shapes. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** A shape as text for messages, for example `[8, 64, 64, 1]`. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

/**
 * The shape of `a op b` under NumPy's broadcasting: aligned at the last axis, sizes equal or one of them 1.
 *
 * @throws {RangeError} naming the op and both shapes.
 */
export function broadcastShapes(op: string, shapes: readonly Shape[]): Shape {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  const result: number[] = new Array(rank).fill(1);
  for (const shape of shapes) {
    for (let axis = 0; axis < shape.length; axis++) {
      const at = rank - shape.length + axis;
      const size = shape[axis] ?? 1;
      if (size === 1 || size === result[at]) continue;
      if (result[at] !== 1) {
        throw new RangeError(
          `${op}() cannot broadcast shapes ${
            shapes.map(formatShape).join(" and ")
          }: sizes must be equal or 1, aligned at the last axis`,
        );
      }
      result[at] = size;
    }
  }
  return result;
}

/**
 * Axes in ascending order, negative ones counted from the end.
 *
 * @param axes One axis, several, or undefined for all.
 * @throws {RangeError} for an axis that does not exist or is named twice.
 */
export function normalizeAxes(
  op: string,
  options: { rank: number; axes: number | readonly number[] | undefined },
): number[] {
  const { rank, axes } = options;
  if (axes === undefined) return Array.from({ length: rank }, (_, axis) => axis);
  const list = (typeof axes === "number" ? [axes] : [...axes]).map((axis) => {
    const at = axis < 0 ? axis + rank : axis;
    if (!Number.isInteger(axis) || at < 0 || at >= rank) {
      throw new RangeError(`${op}() has no axis ${axis} in a tensor of ${rank} axes`);
    }
    return at;
  });
  if (new Set(list).size !== list.length) throw new RangeError(`${op}() got an axis twice: ${list.join(", ")}`);
  return list.sort((a, b) => a - b);
}
