/**
 * Lowerings that only move elements: permute, slice, concat and pad. Words are moved as bits, so they serve f32 and u32
 * alike.
 *
 * @module
 */
import { DEFAULT_LANES } from "../declarations.ts";
import padCode from "../../../shaders/movement/pad.wgsl" with { type: "text" };
import { gridFor, type Lowering, reads, type Target, words, writes } from "../kernel.ts";
import { type Shape, sizeOf } from "../../graph/shape.ts";
import { copyBox, MAX_RANK, rowMajorStrides } from "./box.ts";

/** y[c_0, c_1, ...] = x[...] where axis a of y is axis `axes[a]` of x: input x, output y. */
export function lowerPermute(shape: Shape, options: { axes: readonly number[]; target: Target }): Lowering {
  const { axes, target } = options;
  const source = rowMajorStrides(shape);
  const destination = rowMajorStrides(axes.map((axis) => shape[axis]!));
  const box = {
    axes: axes.map((axis, a) => ({ size: shape[axis]!, source: source[axis]!, destination: destination[a]! })),
    sourceBase: 0,
    destinationBase: 0,
  };
  return { dispatches: [copyBox(box, { from: { input: 0 }, to: { output: 0 }, target, label: "permute" })] };
}

/** y[c] = x[starts + c * steps] for all c below `sizes`: input x, output y. */
export function lowerSlice(
  shape: Shape,
  options: { starts: readonly number[]; sizes: readonly number[]; steps: readonly number[]; target: Target },
): Lowering {
  const { starts, sizes, steps, target } = options;
  const source = rowMajorStrides(shape);
  const destination = rowMajorStrides(sizes);
  const box = {
    axes: sizes.map((size, a) => ({ size, source: source[a]! * steps[a]!, destination: destination[a]! })),
    sourceBase: starts.reduce((base, start, a) => base + start * source[a]!, 0),
    destinationBase: 0,
  };
  return { dispatches: [copyBox(box, { from: { input: 0 }, to: { output: 0 }, target, label: "slice" })] };
}

/** The inputs one after another along an axis: one dispatch an input, each writing its own part of the output. */
export function lowerConcat(shapes: readonly Shape[], options: { axis: number; target: Target }): Lowering {
  const { axis, target } = options;
  const total = shapes.reduce((sum, shape) => sum + shape[axis]!, 0);
  const outer = sizeOf(shapes[0]!.slice(0, axis));
  const inner = sizeOf(shapes[0]!.slice(axis + 1));
  let before = 0;
  const dispatches = shapes.map((shape, i) => {
    const length = shape[axis]! * inner;
    const box = {
      axes: [
        { size: outer, source: length, destination: total * inner },
        { size: length, source: 1, destination: 1 },
      ],
      sourceBase: 0,
      destinationBase: before,
    };
    before += length;
    return copyBox(box, { from: { input: i }, to: { output: 0 }, target, label: "concat" });
  });
  return { dispatches };
}

/** Where a tensor lies in a larger one along one axis. */
export interface Padding {
  /** Zeros before it. */
  readonly low: number;
  /** Zeros after it. */
  readonly high: number;
  /** Distance between its elements: step - 1 zeros lie between neighbours. */
  readonly step: number;
}

/** Size of a padded axis. */
export function paddedSize(size: number, { low, high, step }: Padding): number {
  return low + (size - 1) * step + 1 + high;
}

/** x among zeros: input x, output of the padded size. */
export function lowerPad(shape: Shape, padding: readonly Padding[]): Lowering {
  const axes = collapsePadding(shape, padding);
  if (axes.length > MAX_RANK) {
    throw new RangeError(`pad() works on up to ${MAX_RANK} axes that do not merge, got ${axes.length}`);
  }
  const last = axes.at(-1)!;
  const width = last.step === 1 && [last.size, last.low, last.high].every((size) => size % 4 === 0) ? 4 : 1;
  const inVectors = axes.map((axis, a) => (a === axes.length - 1 ? timesSize(axis, 1 / width) : axis));
  const strides = rowMajorStrides(inVectors.map((axis) => axis.size));
  const sizes = inVectors.map((axis) => paddedSize(axis.size, axis));
  const count = sizeOf(sizes);
  // Kernels number axes from the one that varies fastest.
  const uniforms = inVectors.map(({ size, low, step }, a) => {
    const i = axes.length - 1 - a;
    return {
      [`size_${i}`]: sizes[a]!,
      [`source_size_${i}`]: size,
      [`source_step_${i}`]: strides[a]!,
      [`low_${i}`]: low,
      [`step_${i}`]: step,
    };
  });
  const dilated = axes.some((axis) => axis.step !== 1);
  return {
    dispatches: [{
      kernel: `pad/${dilated ? "dilated-" : ""}x${width}`,
      code: padCode,
      values: { Word: words(width), RANK: axes.length, DILATED: dilated },
      uniforms: Object.assign({ count }, ...uniforms.reverse()),
      operands: { source: reads({ input: 0 }, words(width)), destination: writes({ output: 0 }, words(width)) },
      grid: gridFor(Math.ceil(count / DEFAULT_LANES)),
    }],
  };
}

type PaddedAxis = Padding & { readonly size: number };

/** Merges an axis with the next if that one is not padded. At least one axis is left. */
function collapsePadding(shape: Shape, padding: readonly Padding[]): PaddedAxis[] {
  const result: PaddedAxis[] = [];
  shape.forEach((size, a) => {
    const axis = { ...padding[a]!, size, ...(size === 1 && { step: 1 }) };
    const outer = result.at(-1);
    const plain = axis.low === 0 && axis.high === 0 && axis.step === 1;
    if (plain && outer?.step === 1) result[result.length - 1] = timesSize(outer, size);
    else if (!plain || size > 1) result.push(axis);
  });
  return result.length > 0 ? result : [{ size: 1, low: 0, high: 0, step: 1 }];
}

/** An axis counted in other units: `factor` of them make one of the present ones. */
function timesSize({ size, low, high, step }: PaddedAxis, factor: number): PaddedAxis {
  return { size: size * factor, low: low * factor, high: high * factor, step };
}
