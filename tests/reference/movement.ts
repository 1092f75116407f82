/**
 * Movement of elements in plain loops over indices.
 *
 * @module
 */

type Shape = readonly number[];

/** Every index of a shape, the last axis fastest. */
export function* indices(shape: Shape): Generator<number[]> {
  const count = shape.reduce((product, size) => product * size, 1);
  for (let n = 0; n < count; n++) {
    let rest = n;
    const index: number[] = new Array(shape.length);
    for (let a = shape.length - 1; a >= 0; a--) {
      index[a] = rest % shape[a]!;
      rest = Math.floor(rest / shape[a]!);
    }
    yield index;
  }
}

/** Place of an index in a row-major tensor. */
function offsetOf(shape: Shape, index: readonly number[]): number {
  return index.reduce((offset, at, a) => offset * shape[a]! + at, 0);
}

/** Axis a of the result is axis `axes[a]` of x. */
export function permute(x: ArrayLike<number>, options: { shape: Shape; axes: readonly number[] }): number[] {
  const { shape, axes } = options;
  const result: number[] = [];
  for (const index of indices(axes.map((axis) => shape[axis]!))) {
    const from: number[] = [];
    axes.forEach((axis, a) => from[axis] = index[a]!);
    result.push(x[offsetOf(shape, from)]!);
  }
  return result;
}

/** x[starts + index * steps] for every index of `sizes`. */
export function slice(
  x: ArrayLike<number>,
  options: { shape: Shape; starts: readonly number[]; sizes: readonly number[]; steps: readonly number[] },
): number[] {
  const { shape, starts, sizes, steps } = options;
  return [...indices(sizes)].map((index) => x[offsetOf(shape, index.map((at, a) => starts[a]! + at * steps[a]!))]!);
}

/** Tensors one after another along an axis. */
export function concat(parts: readonly { data: ArrayLike<number>; shape: Shape }[], axis: number): number[] {
  const shape = [...parts[0]!.shape];
  shape[axis] = parts.reduce((sum, part) => sum + part.shape[axis]!, 0);
  return [...indices(shape)].map((index) => {
    let at = index[axis]!;
    for (const part of parts) {
      if (at < part.shape[axis]!) return part.data[offsetOf(part.shape, index.with(axis, at))]!;
      at -= part.shape[axis]!;
    }
    return NaN;
  });
}

/** x among zeros. */
export function pad(
  x: ArrayLike<number>,
  options: { shape: Shape; padding: readonly { low: number; high: number; step: number }[] },
): number[] {
  const { shape, padding } = options;
  const result = shape.map((size, a) => padding[a]!.low + (size - 1) * padding[a]!.step + 1 + padding[a]!.high);
  return [...indices(result)].map((index) => {
    const from = index.map((at, a) => (at - padding[a]!.low) / padding[a]!.step);
    const inside = from.every((at, a) => Number.isInteger(at) && at >= 0 && at < shape[a]!);
    return inside ? x[offsetOf(shape, from)]! : 0;
  });
}
