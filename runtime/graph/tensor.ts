/**
 * What a graph is made of: symbolic tensors, the nodes that compute them, and the ops that nodes apply.
 *
 * Tensors hold no GPU memory: calling a training step builds a graph of them, which `compile()` turns into a program.
 *
 * @module
 */
import type { Lowering, Target } from "../kernels/kernel.ts";
import type { ColumnPartials, ColumnSums, ColumnSumsInputs, ColumnSumsRequest } from "../kernels/norm/column_sums.ts";
import type { NormalizedInput } from "../kernels/conv/normalized_input.ts";
import type { Epilogue } from "../kernels/pointwise/expression.ts";
import { type DType, type Shape, sizeOf, type TensorSpec } from "./shape.ts";

/** One application of an op. Nodes are numbered in order of creation, which is a topological order. */
export interface Node {
  /** Number of the node; inputs have smaller ones. */
  readonly id: number;
  /** The op applied. */
  readonly op: Op<unknown>;
  /** Its inputs. */
  readonly inputs: readonly Tensor[];
  /** The op's attributes. */
  readonly attributes: unknown;
  /** Its outputs, each of which names this node. */
  readonly outputs: readonly Tensor[];
  /** Source location of the call that applied the op (file, line and column), if the trace records it. */
  readonly site?: string;
  /**
   * 0 for the forward pass, 1 for nodes created by the first call of `gradients()`, and so on; chains are not fused
   * across phases.
   */
  readonly phase: number;
}

/** The symbolic result of an op. */
export class Tensor implements TensorSpec {
  /** Made by {@link apply} for each output of a node. */
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

/** Where parts start in a slab, in elements, and its length. */
export interface PackLayout {
  /** Element offset of each input in the slab. */
  readonly offsets: readonly number[];
  /** Elements of the slab. */
  readonly length: number;
}

/** What a lowering is given. */
export interface LowerContext<A> {
  /** Shapes and types of the inputs. */
  readonly inputs: readonly TensorSpec[];
  /** Shapes and types of the outputs. */
  readonly outputs: readonly TensorSpec[];
  /** The node's attributes. */
  readonly attributes: A;
  /** What is known of the device. */
  readonly target: Target;
  /**
   * The chain fused after the op, if it takes an epilogue: its inputs follow the op's, and its outputs replace the
   * op's.
   */
  readonly epilogue?: Epilogue;
  /**
   * Column sums that an op with `takesEpilogue` is asked for: their inputs follow all others, and their
   * results are one more output. A lowering that cannot do it leaves out `partials`.
   */
  readonly sums?: ColumnSumsRequest;
  /** An input that stands for a batch norm of it, if the op takes one; scale and shift follow the epilogue's inputs. */
  readonly normalized?: NormalizedInput;
  /** Column sums that another op has computed for an op with `columnSums`: they are one more input. */
  readonly partials?: ColumnPartials;
}

/** What a vector-Jacobian product is given. */
export interface VjpContext<A> {
  /** Inputs of the node. */
  readonly inputs: readonly Tensor[];
  /** Outputs of the node. */
  readonly outputs: readonly Tensor[];
  /** The loss's gradient for each output; `undefined` where the loss does not depend on it. */
  readonly cotangents: readonly (Tensor | undefined)[];
  /** The node's attributes. */
  readonly attributes: A;
  /** Whether the gradient of each input is wanted; the others may be left `undefined` to save work. */
  readonly wanted: readonly boolean[];
}

/** What a pointwise expression may use. */
export interface PointwiseContext<A> {
  /** The node's attributes. */
  readonly attributes: A;
  /**
   * The WGSL name of a compile-time value. Values are passed as uniforms, so kernels of equal text share a pipeline.
   */
  constant(value: number): string;
}

/** The definition of an op with attributes `A`, a plain JSON object, which is the op's key for merging equal nodes. */
export interface Op<A> {
  /** Name in errors, profiles and graphs. */
  readonly name: string;
  /**
   * The shape rule.
   *
   * @throws {TypeError | RangeError} naming the op, the shapes and what was required.
   */
  infer(inputs: readonly TensorSpec[], attributes: A): readonly TensorSpec[];
  /**
   * A WGSL expression of type `T` (`f32`, or `vec4f` with componentwise meaning) from the inputs' elements; literals
   * are written `T(0.5)`. Comparisons give 1 or 0: `select(T(0.0), T(1.0), a < b)`. Inputs are broadcast as NumPy
   * does.
   */
  pointwise?(args: readonly string[], context: PointwiseContext<A>): string;
  /** WGSL functions that `pointwise` calls, over `T` and the matching types `U` (of `u32`) and `B` (of `bool`). */
  readonly functions?: readonly string[];
  /** The dispatches that compute the outputs. */
  lower?(context: LowerContext<A>): Lowering;
  /**
   * True if `lower` can fuse a chain of pointwise ops over output 0, [N, H, W, C], into its kernel; output 0 is then
   * not stored.
   */
  readonly takesEpilogue?: boolean;
  /** For a pointwise op of x, scale [C] and shift [C]: it computes x * scale + shift, or with `relu` max(that, 0). */
  normalizes?(attributes: A): { readonly relu: boolean };
  /**
   * Positions of inputs [N, H, W, C] of which `lower` can take one as a batch norm to apply, on GPUs and for multiples
   * of four channels.
   */
  readonly takesNormalized?: readonly number[];
  /** Sums that the op begins with, which the op that makes one of its inputs may compute; see `column_sums.ts`. */
  columnSums?(attributes: A): ColumnSums & ColumnSumsInputs;
  /** True if GPUs compute output 0 in less time than they take to read it from memory. */
  isCheap?(inputs: readonly TensorSpec[], attributes: A): boolean;
  /** The sum of output 0 over all axes but the last, where the op's other nodes have it already: [C]. */
  columnSum?(node: Node): Tensor | undefined;
  /** For ops of little work: how independent applications run as one dispatch; see `runtime/plan/batch.ts`. */
  readonly batch?: {
    /** Equal for applications that can run together, if their inputs are the same. */
    key(attributes: A): string;
    /**
     * Computes all of them from the inputs of one: output 0 is a slab that holds the result of `each[i]` at element
     * `offsets[i]`, a multiple of 64. What lies between the results is undefined.
     */
    lower(each: readonly A[], layout: PackLayout): Lowering;
  };
  /** True if output 0 is input 0's memory under another shape. */
  readonly alias?: boolean;
  /**
   * True if output 0 is a slab that holds input i at element offset `attributes.offsets[i]`; inputs are computed in
   * place where possible.
   */
  readonly pack?: boolean;
  /**
   * Positions of inputs that are written in place, which must be states. The op runs whenever a program contains it,
   * after all readers of the state's old value.
   */
  readonly mutates?: readonly number[];
  /**
   * True if the outputs and everything computed from them stay float32 in programs of precision `f16`: gradients of
   * parameters.
   */
  readonly wide?: boolean;
  /**
   * Gradients of the loss with respect to each input; `undefined` where it is zero or undefined. Left out: the op
   * stops gradients. A pointwise op may give them in the output's shape: `gradients()` sums over the axes along which
   * the input was broadcast.
   */
  vjp?(context: VjpContext<A>): readonly (Tensor | undefined)[];
}
