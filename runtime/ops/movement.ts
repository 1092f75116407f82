/**
 * Ops that move elements: permute, transpose, slice, concat, stack and pad, for f32 and u32 tensors.
 *
 * Gradients move elements back: a permutation's is the inverse one, a slice's places the cotangent among zeros, a
 * concatenation's are slices.
 *
 * @module
 */
import {
  lowerConcat,
  lowerPad,
  lowerPermute,
  lowerSlice,
  paddedSize,
  type Padding,
} from "../kernels/movement/movement.ts";
import { apply, defineOp } from "../graph/op.ts";
import type { Op, Tensor } from "../graph/tensor.ts";
import { formatShape, normalizeAxes, type Shape } from "../graph/shape.ts";
import { reshape } from "./view.ts";

const permuteOp: Op<{ axes: readonly number[] }> = defineOp({
  name: "permute",
  infer: ([x], { axes }) => [{ shape: axes.map((axis) => x!.shape[axis]!), dtype: x!.dtype }],
  lower: ({ inputs: [x], attributes: { axes }, target }) => lowerPermute(x!.shape, { axes, target }),
  vjp: ({ cotangents: [g], attributes: { axes } }) => [g && permute(g, axes.map((_, axis) => axes.indexOf(axis)))],
});

/**
 * Reorders axes: axis i of the result is axis `axes[i]` of x. Nothing is copied if only axes of size one move.
 *
 * @param axes Every axis once; negative ones count from the end.
 * @throws {RangeError} if an axis is missing, named twice, or does not exist.
 */
export function permute(x: Tensor, axes: readonly number[]): Tensor {
  normalizeAxes("permute", { rank: x.rank, axes });
  if (axes.length !== x.rank) {
    throw new RangeError(`permute() needs each axis of ${formatShape(x.shape)} once, got [${axes.join(", ")}]`);
  }
  const order = axes.map((axis) => (axis < 0 ? axis + x.rank : axis));
  const moving = order.filter((axis) => x.shape[axis] !== 1);
  if (moving.every((axis, i) => i === 0 || axis > moving[i - 1]!)) {
    return reshape(
      x,
      order.map((axis) => x.shape[axis]!),
    );
  }
  return apply(permuteOp, [x], { axes: order })[0]!;
}

/** Swaps two axes, by default the last two. */
export function transpose(x: Tensor, axes: readonly [number, number] = [-2, -1]): Tensor {
  normalizeAxes("transpose", { rank: x.rank, axes });
  const [a, b] = axes.map((axis) => (axis < 0 ? axis + x.rank : axis));
  return permute(x, x.shape.map((_, axis) => (axis === a ? b! : axis === b ? a! : axis)));
}

/** A strided box of elements, with one entry per axis; omitted trailing axes are taken whole. */
export interface SliceOptions {
  /** First index along each axis. */
  readonly starts: readonly number[];
  /** Number of indices along each axis. */
  readonly sizes: readonly number[];
  /** Distance between indices along each axis, at least 1; 1 by default. */
  readonly steps?: readonly number[];
}

const sliceOp: Op<Required<SliceOptions>> = defineOp({
  name: "slice",
  infer([x], { starts, sizes, steps }) {
    const fits = sizes.every((size, axis) =>
      [starts[axis], size, steps[axis]].every(Number.isInteger) && starts[axis]! >= 0 && size >= 1 &&
      steps[axis]! >= 1 &&
      starts[axis]! + (size - 1) * steps[axis]! < x!.shape[axis]!
    );
    if (!fits) {
      throw new RangeError(
        `slice() of shape ${formatShape(x!.shape)} has no elements at starts ${formatShape(starts)}, sizes ` +
          `${formatShape(sizes)}, steps ${formatShape(steps)}`,
      );
    }
    return [{ shape: sizes, dtype: x!.dtype }];
  },
  lower: ({ inputs: [x], attributes, target }) => lowerSlice(x!.shape, { ...attributes, target }),
  vjp({ inputs: [x], cotangents: [g], attributes: { starts, sizes, steps } }) {
    if (!g) return [];
    const padding = x!.shape.map((size, axis) => {
      const low = starts[axis]!;
      const step = steps[axis]!;
      return { low, high: size - (low + (sizes[axis]! - 1) * step + 1), step };
    });
    return [apply(padOp, [g], { padding })[0]!];
  },
});

/**
 * Takes x[starts + i * steps] for all i below sizes.
 *
 * @throws {RangeError} if that leaves x.
 *
 * @example Every second row of a matrix, without its first column
 * ```ts
 * import { slice, tensor } from "../../mod.ts";
 *
 * const x = tensor([1, 2, 3, 4, 5, 6, 7, 8], { shape: [4, 2] });
 * slice(x, { starts: [0, 1], sizes: [2, 1], steps: [2, 1] }); // [[2], [6]]
 * ```
 */
export function slice(x: Tensor, options: SliceOptions): Tensor {
  const given = [options.starts, options.sizes, options.steps ?? []].map((list) => list.length);
  if (given.some((length) => length > x.rank) || given[0] !== given[1]) {
    throw new RangeError(
      `slice() of shape ${formatShape(x.shape)} got ${given[0]} starts, ${given[1]} sizes and ${given[2]} steps`,
    );
  }
  const starts = x.shape.map((_, axis) => options.starts[axis] ?? 0);
  const sizes = x.shape.map((size, axis) => options.sizes[axis] ?? size);
  const steps = x.shape.map((_, axis) => options.steps?.[axis] ?? 1);
  const whole = sizes.every((size, axis) => size === x.shape[axis]);
  return whole && starts.every((start) => start === 0) ? x : apply(sliceOp, [x], { starts, sizes, steps })[0]!;
}

const padOp: Op<{ padding: readonly Padding[] }> = defineOp({
  name: "pad",
  infer: ([x], { padding }) => [{
    shape: x!.shape.map((size, axis) => paddedSize(size, padding[axis]!)),
    dtype: x!.dtype,
  }],
  lower: ({ inputs: [x], attributes: { padding } }) => lowerPad(x!.shape, padding),
  vjp: ({ inputs: [x], cotangents: [g], attributes: { padding } }) => [
    g && slice(g, {
      starts: padding.map(({ low }) => low),
      sizes: x!.shape,
      steps: padding.map(({ step }) => step),
    }),
  ],
});

/**
 * Pads x with zeros.
 *
 * @param widths The number of zeros before and after, for each axis; omitted trailing axes get none.
 * @throws {RangeError} for a width that is not a whole number from 0 on, or more widths than axes.
 */
export function pad(x: Tensor, widths: readonly (readonly [number, number])[]): Tensor {
  const bad = widths.flat().find((width) => !Number.isInteger(width) || width < 0);
  if (bad !== undefined || widths.length > x.rank) {
    throw new RangeError(
      `pad() of shape ${formatShape(x.shape)} needs whole numbers from 0 on for up to ${x.rank} axes, got ` +
        JSON.stringify(widths),
    );
  }
  if (widths.flat().every((width) => width === 0)) return x;
  const padding = x.shape.map((_, axis) => ({ low: widths[axis]?.[0] ?? 0, high: widths[axis]?.[1] ?? 0, step: 1 }));
  return apply(padOp, [x], { padding })[0]!;
}

const concatOp: Op<{ axis: number }> = defineOp({
  name: "concat",
  infer(inputs, { axis }) {
    const [first] = inputs;
    inputs.forEach((input, i) => {
      if (input.dtype !== first!.dtype || !agreeExcept(axis, input.shape, first!.shape)) {
        throw new RangeError(
          `concat() needs equal types and, but for axis ${axis}, equal shapes; input ${i} is ${input.dtype} ` +
            `${formatShape(input.shape)}, input 0 is ${first!.dtype} ${formatShape(first!.shape)}`,
        );
      }
    });
    const total = inputs.reduce((sum, input) => sum + input.shape[axis]!, 0);
    return [{ shape: first!.shape.map((size, a) => (a === axis ? total : size)), dtype: first!.dtype }];
  },
  lower: ({ inputs, attributes: { axis }, target }) =>
    lowerConcat(inputs.map((input) => input.shape), { axis, target }),
  vjp({ inputs, cotangents: [g], attributes: { axis }, wanted }) {
    if (!g) return [];
    let before = 0;
    return inputs.map((input, i) => {
      const starts = input.shape.map((_, a) => (a === axis ? before : 0));
      before += input.shape[axis]!;
      return wanted[i] ? slice(g, { starts, sizes: input.shape }) : undefined;
    });
  },
});

function agreeExcept(axis: number, a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, i) => i === axis || size === b[i]);
}

/**
 * Concatenates tensors along an axis, by default the first.
 *
 * @throws {RangeError} if there are none, or their other sizes or types differ.
 */
export function concat(tensors: readonly Tensor[], axis = 0): Tensor {
  const [first] = tensors;
  if (!first) throw new RangeError("concat() needs at least one tensor");
  const [at] = normalizeAxes("concat", { rank: first.rank, axes: axis });
  return tensors.length === 1 ? first : apply(concatOp, tensors, { axis: at! })[0]!;
}

/**
 * Stacks tensors of equal shape along a new axis, by default the first.
 *
 * @throws {RangeError} if there are none, or shapes or types differ.
 */
export function stack(tensors: readonly Tensor[], axis = 0): Tensor {
  const [first] = tensors;
  if (!first) throw new RangeError("stack() needs at least one tensor");
  const [at] = normalizeAxes("stack", { rank: first.rank + 1, axes: axis });
  return concat(tensors.map((x) => reshape(x, x.shape.toSpliced(at!, 0, 1))), at!);
}
