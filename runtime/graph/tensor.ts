/**
 * What a graph is made of: symbolic tensors, the nodes that compute them, and the ops that nodes apply.
 *
 * Tensors hold no GPU memory: calling a training step builds a graph of them, which `compile()` turns into a program.
 *
 * @module
 */
import type { Lowering, Target } from "../kernels/kernel.ts";
import type { Epilogue } from "../kernels/pointwise/expression.ts";
import { type DType, type Shape, sizeOf, type TensorSpec } from "./shape.ts";

/** One application of an op. Nodes are numbered in the order in which they were made, which is a topological order. */
export interface Node {
  readonly id: number;
  readonly op: Op<unknown>;
  readonly inputs: readonly Tensor[];
  readonly attributes: unknown;
  readonly outputs: readonly Tensor[];
  /** Where the op was applied, if the trace keeps that: file, line and column. */
  readonly site?: string;
  /** 0 for the forward pass, 1 for what the first call of `gradients()` made, ...: chains are not fused across phases. */
  readonly phase: number;
}

/** The result of an op, not yet computed. */
export class Tensor implements TensorSpec {
  constructor(readonly node: Node, readonly output: number, readonly shape: Shape, readonly dtype: DType) {}

  /** Number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /** Number of axes. */
  get rank(): number {
    return this.shape.length;
  }
}

/** What a lowering is given. */
export interface LowerContext<A> {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly attributes: A;
  readonly target: Target;
  /** What follows the op in its kernel, for an op that takes an epilogue: its inputs come after the op's, its outputs in place of the op's. */
  readonly epilogue?: Epilogue;
}

/** What a vector-Jacobian product is given. */
export interface VjpContext<A> {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  /** The loss's gradient for each output; `undefined` where the loss does not depend on it. */
  readonly cotangents: readonly (Tensor | undefined)[];
  readonly attributes: A;
  /** Whether the gradient of each input is wanted; others may be left `undefined`, which saves their work. */
  readonly wanted: readonly boolean[];
}

/** What a pointwise expression may use. */
export interface PointwiseContext<A> {
  readonly attributes: A;
  /** The name of a value that is known when the program is compiled; equal texts share a pipeline whatever the values are. */
  constant(value: number): string;
}

/** The definition of an op with attributes `A`, a plain object that JSON can write (it is the op's key for sharing). */
export interface Op<A> {
  readonly name: string;
  /**
   * The shape rule.
   *
   * @throws {TypeError | RangeError} naming the op, the shapes and what was required.
   */
  infer(inputs: readonly TensorSpec[], attributes: A): readonly TensorSpec[];
  /**
   * A WGSL expression of type `T` (`f32`, or `vec4f` with componentwise meaning) from the inputs' elements; literals are
   * written `T(0.5)`. Comparisons give 1 or 0: `select(T(0.0), T(1.0), a < b)`. Inputs are broadcast as NumPy does.
   */
  pointwise?(args: readonly string[], context: PointwiseContext<A>): string;
  /** WGSL functions that `pointwise` calls, over `T`, `U` (as many `u32`) and `B` (as many `bool`). */
  readonly functions?: readonly string[];
  /** The dispatches that compute the outputs. */
  lower?(context: LowerContext<A>): Lowering;
  /** True if `lower` can put a chain of pointwise ops over output 0, [N, H, W, C], into the kernel that makes it; output 0 is not stored then. */
  readonly takesEpilogue?: boolean;
  /** True if output 0 is input 0's memory under another shape. */
  readonly alias?: boolean;
  /** True if output 0 is a slab that holds input i from element `attributes.offsets[i]` on; inputs are computed in place where possible. */
  readonly pack?: boolean;
  /**
   * Positions of inputs that are written in place; they must be states. The op then runs whenever a program contains it, after
   * everything that reads the state's old value.
   */
  readonly mutates?: readonly number[];
  /** True if the outputs, and what is computed from them, keep float32 where large values are stored as float16: parameters' gradients. */
  readonly wide?: boolean;
  /**
   * Gradients of the loss with respect to each input; `undefined` where it is zero or undefined. Left out: the op stops gradients.
   * A pointwise op may give them in the output's shape: `gradients()` sums over the axes along which the input was broadcast.
   */
  vjp?(context: VjpContext<A>): readonly (Tensor | undefined)[];
}
