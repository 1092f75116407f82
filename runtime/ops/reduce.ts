/**
 * Reductions over any axes.
 *
 * Gradients: a sum's cotangent is broadcast back; a maximum's goes to the elements that attain it, in equal parts.
 * logsumexp and softmax are compositions of these.
 *
 * @module
 */
import { lowerReduce, type Reduction } from "../kernels/reduce/reduce.ts";
import { NAN_TEST } from "../kernels/pointwise/functions.ts";
import { apply, defineOp, requireFloat } from "../graph/op.ts";
import type { Op, Tensor } from "../graph/tensor.ts";
import { formatShape, normalizeAxes, sameShape, type Shape, sizeOf } from "../graph/shape.ts";
import { abs, add, broadcastTo, div, exp, lessEqual, log, mul, stopGradient, sub, where } from "./pointwise.ts";
import { reshape } from "./view.ts";

/** Attributes of a reduction; the result keeps its axes with size one. */
export interface ReduceAttributes {
  readonly kind: Reduction;
  readonly axes: readonly number[];
  readonly scale: number;
}

/** Which axes to reduce (all by default), and whether they stay with size one. */
export interface ReduceOptions {
  /** Axes to reduce, negative ones counted from the end; all by default. */
  readonly axes?: number | readonly number[];
  /** Keep the reduced axes with size 1; false by default. */
  readonly keepdims?: boolean;
}

/** The op behind all reductions; the compiler fuses the pointwise chain that feeds it into its kernel. */
export const reduceOp: Op<ReduceAttributes> = defineOp({
  name: "reduce",
  infer(inputs, { axes }) {
    requireFloat("reduce", inputs);
    const [x] = inputs;
    return [{ shape: x!.shape.map((size, axis) => (axes.includes(axis) ? 1 : size)), dtype: "f32" }];
  },
  lower({ inputs: [x], attributes, target }) {
    return lowerReduce({ shape: x!.shape, inputs: [x!.shape], steps: [] }, {
      axes: attributes.axes,
      kind: attributes.kind,
      scale: attributes.scale,
      target,
      label: "plain",
    });
  },
  vjp({ inputs: [x], outputs: [y], cotangents: [g], attributes }) {
    if (!g) return [];
    if (attributes.kind === "sum") {
      return [broadcastTo(attributes.scale === 1 ? g : mul(g, attributes.scale), x!.shape)];
    }
    const hits = apply(attainsOp, [x!, y!], {})[0]!;
    const count = apply(reduceOp, [hits], { kind: "sum", axes: attributes.axes, scale: 1 })[0]!;
    return [mul(hits, div(g, count))];
  },
});

/** 1 where x attains the extreme y: where they are equal or both NaN. */
const attainsOp: Op<Record<string, never>> = defineOp({
  name: "attains",
  infer: ([x]) => [{ shape: x!.shape, dtype: "f32" }],
  functions: NAN_TEST,
  pointwise: ([x, y]) => `select(T(0.0), T(1.0), (${x} == ${y}) | (is_nan(${x}) & is_nan(${y})))`,
});

function reduce(name: string, x: Tensor, options: ReduceOptions & { kind: Reduction; scale?: number }): Tensor {
  const axes = normalizeAxes(name, { rank: x.rank, axes: options.axes });
  const kept = apply(reduceOp, [x], { kind: options.kind, axes, scale: options.scale ?? 1 })[0]!;
  if (options.keepdims) return kept;
  return reshape(kept, x.shape.filter((_, axis) => !axes.includes(axis)));
}

/** Sum over axes. */
export function sum(x: Tensor, options: ReduceOptions = {}): Tensor {
  return reduce("sum", x, { ...options, kind: "sum" });
}

/**
 * Sum over all axes but the last. Where an op knows the sum of its result already, nothing is added up: the gradient
 * that a batch norm in training returns sums to zero, and so does the gradient of a bias in front of it.
 */
export function columnSum(x: Tensor): Tensor {
  const known = x.output === 0 ? x.node.op.columnSum?.(x.node) : undefined;
  return known ?? sum(x, { axes: x.shape.slice(0, -1).map((_, axis) => axis) });
}

/** Arithmetic mean over axes. */
export function mean(x: Tensor, options: ReduceOptions = {}): Tensor {
  const axes = normalizeAxes("mean", { rank: x.rank, axes: options.axes });
  const count = axes.reduce((product, axis) => product * (x.shape[axis] ?? 1), 1);
  return reduce("mean", x, { ...options, kind: "sum", scale: 1 / count });
}

/** Maximum over axes, NaN where one is among them; the gradient is shared equally among the elements that attain it. */
export function max(x: Tensor, options: ReduceOptions = {}): Tensor {
  return reduce("max", x, { ...options, kind: "max" });
}

/** Minimum over axes, NaN where one is among them; the gradient is shared equally among the elements that attain it. */
export function min(x: Tensor, options: ReduceOptions = {}): Tensor {
  return reduce("min", x, { ...options, kind: "min" });
}

/** log sum exp over axes, shifted by the maximum so that it does not overflow; -Infinity for rows of -Infinity. */
export function logsumexp(x: Tensor, options: ReduceOptions = {}): Tensor {
  const peak = finitePeak(x, options);
  const total = sum(exp(sub(x, peak)), { ...options, keepdims: true });
  const result = add(log(total), peak);
  if (options.keepdims) return result;
  const axes = normalizeAxes("logsumexp", { rank: x.rank, axes: options.axes });
  return reshape(result, x.shape.filter((_, axis) => !axes.includes(axis)));
}

/** The largest finite float32. */
const LARGEST = (2 - 2 ** -23) * 2 ** 127;

/**
 * The maximum as a shift. No gradient flows through it, because the result does not depend on the shift; infinite
 * maxima are replaced by 0 to avoid Inf - Inf.
 */
function finitePeak(x: Tensor, options: ReduceOptions): Tensor {
  const peak = stopGradient(max(x, { ...options, keepdims: true }));
  // Not `peak - peak == 0`, which drivers simplify to true.
  return where(lessEqual(abs(peak), LARGEST), { then: peak, otherwise: 0 });
}

/** Softmax over axes: e^x / sum e^x. */
export function softmax(x: Tensor, options: { axes?: number | readonly number[] } = {}): Tensor {
  const shifted = exp(sub(x, finitePeak(x, options)));
  return div(shifted, sum(shifted, { ...options, keepdims: true }));
}

/** log softmax over axes: x - logsumexp(x). */
export function logSoftmax(x: Tensor, options: { axes?: number | readonly number[] } = {}): Tensor {
  return sub(x, logsumexp(x, { ...options, keepdims: true }));
}

/**
 * Sums a tensor over the axes along which `shape` was broadcast to it: the adjoint of broadcasting.
 *
 * @throws {RangeError} where `shape` does not broadcast to the tensor's shape.
 */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const lead = x.rank - shape.length;
  if (lead < 0) throw new RangeError(`sumTo() cannot turn shape ${formatShape(x.shape)} into ${formatShape(shape)}`);
  const axes = x.shape.map((_, axis) => axis).filter((axis) => {
    const size = axis < lead ? 1 : shape[axis - lead];
    if (size !== 1 && size !== x.shape[axis]) {
      throw new RangeError(`sumTo() cannot turn shape ${formatShape(x.shape)} into ${formatShape(shape)}`);
    }
    return size === 1 && (x.shape[axis] ?? 1) !== 1;
  });
  const summed = axes.length ? sum(x, { axes, keepdims: true }) : x;
  return sizeOf(summed.shape) === sizeOf(shape) ? reshape(summed, shape) : summed;
}
