/**
 * What a kernel is to the engine: the body of a WGSL program, and the operands and uniforms that it names.
 *
 * A **lowering** is a pure function from shapes and attributes to a list of dispatches. It touches no device, so that
 * it can be tested, timed and cached by itself. A dispatch names its buffers (`operands`) and its numbers (`uniforms`):
 *
 * ```ts
 * {
 *   kernel: "scale",
 *   code: `fn kernel(group: u32, lane: u32) {
 *     let i = group * LANES + lane;
 *     if (i < p.count) { y_put(i, p.factor * x_at(i)); }
 *   }`,
 *   uniforms: { count, factor: f32(2) },
 *   operands: { x: reads({ input: 0 }, "f32"), y: writes({ output: 0 }, "f32") },
 *   grid: gridFor(Math.ceil(count / 64)),
 * }
 * ```
 *
 * The contract for the body:
 *
 * - it defines `fn kernel(group: u32, lane: u32)`, called by each of the LANES invocations of each workgroup. The
 *   grid may be rounded up (see {@link gridFor}): a group past the last one has nothing to do;
 * - it reads an operand `x` by `x_at(i)` and writes an operand `y` by `y_put(i, value)`, which are generated. They
 *   know whether the engine stores a buffer as float16 and whether it is read through a texture; the body computes in
 *   float32. What only passes a vector on, to look at it later, reads it by `x_stored_at(i)`, of type `x_stored`, as it
 *   lies in memory; `x_stored4` is a matrix of four such vectors;
 * - it reads the uniforms as `p.count`. Sizes belong there, so that shapes share a pipeline, unless an unknown trip
 *   count would be slower; numbers and types in `values` become constants and aliases, and flags decide the body's
 *   `//#if`s (`expand.ts`);
 * - an invocation never reads what another one of the dispatch writes, and never relies on the order of workgroups:
 *   equal inputs give bit-equal outputs;
 * - one invocation runs at most 65,000 rounds of all loops together: lavapipe silently leaves loops after 65,535.
 *
 * @module
 */

import type { KernelValues } from "./expand.ts";
import type { ColumnPartials, ColumnSumsRequest } from "./norm/column_sums.ts";
import type { Operands } from "./operands.ts";
import type { Epilogue } from "./pointwise/expression.ts";
import type { Uniforms } from "./uniforms.ts";

export {
  type Access,
  type Binding,
  type ElementType,
  floats,
  type Operand,
  type Operands,
  raw,
  reads,
  rebound,
  updates,
  words,
  writes,
} from "./operands.ts";
export { f32, i32, type TypedUniform, type Uniform, type Uniforms, vec4fs, vec4i, vec4us } from "./uniforms.ts";

/** Workgroup counts in x, y and z; each at most 65,535. */
export type Grid = readonly [number, number, number];

/** One dispatch of one kernel. */
export interface Dispatch {
  /** Kernel family and variant for errors and profiles, for example `conv_forward/software-8x2`. */
  readonly kernel: string;
  /** The body's WGSL. */
  readonly code: string;
  /** Constants, types and flags of the body. */
  readonly values?: KernelValues;
  /** Invocations of a workgroup, `LANES` in the body; 64 if left out. */
  readonly lanes?: number;
  /** True if the body computes in float16. */
  readonly half?: boolean;
  /** True if the body uses subgroups, in which its place is `subgroup_lane`; see `subgroups.ts`. */
  readonly subgroups?: boolean;
  /**
   * True for two dispatches in one, see `runtime/plan/twin_commands.ts`: for each operand x there is an `x_twin`, and
   * workgroups from `p.twin_groups` on see those.
   */
  readonly twins?: boolean;
  /** Numbers that the body reads as `p.NAME`. */
  readonly uniforms?: Uniforms;
  /** Buffers that the body reads and writes. */
  readonly operands: Operands;
  /** Number of workgroups. */
  readonly grid: Grid;
  /** Floating-point operations, for profiles. */
  readonly flops?: number;
  /** The part of a matrix product that one workgroup computes, for models of its time. */
  readonly tile?: ProductTile;
  /** Bytes read and written at least once, for profiles; the sum of the operands if left out. */
  readonly bytes?: number;
}

/** The part of a matrix product that one workgroup computes. */
export interface ProductTile {
  /** Rows of the result. */
  readonly rows: number;
  /** Columns of the result. */
  readonly columns: number;
  /** Elements of the summed axis. */
  readonly depth: number;
  /** Times that the innermost loop runs on a pair of tiles in workgroup memory. */
  readonly steps: number;
}

/** What an op does on the GPU: dispatches in order, with scratch buffers that live as long as the op runs. */
export interface Lowering {
  /** Number of 32-bit elements of each scratch buffer. */
  readonly scratch?: readonly number[];
  /** Dispatches in order; a later one sees what an earlier one wrote. */
  readonly dispatches: readonly Dispatch[];
  /** What the kernel left of column sums that it was asked for; see `norm/column_sums.ts`. */
  readonly partials?: ColumnPartials;
}

/**
 * How kernels are chosen: a real GPU, or lavapipe (software Vulkan), where workgroup memory and barriers cost more than
 * they save.
 */
export type Profile = "gpu" | "software";

/** What matrix products and convolutions multiply: float32, or float16 with sums in float32 after a few terms. */
export const COMPUTE_TYPES = ["f32", "f16"] as const;
/** One of {@linkcode COMPUTE_TYPES}. */
export type ComputeType = (typeof COMPUTE_TYPES)[number];

/** A way to do a piece of work. */
export interface KernelVariant {
  /** Name within the family, for example `software-8x2`. */
  readonly name: string;
  /** Estimated time, to be compared with that of the other variants only. */
  readonly cost: number;
  /** The dispatches of this variant. */
  readonly lower: (epilogue?: Epilogue, sums?: ColumnSumsRequest) => Lowering;
}

/** What there is to choose from. */
export interface Candidates {
  /** The variants, in any order. */
  readonly variants: readonly KernelVariant[];
  /** Elements of the inputs and outputs. */
  readonly inputs: readonly number[];
  /** Elements of the outputs. */
  readonly outputs: readonly number[];
}

/** A choice between variants of a kernel that has been, or can be, measured on this adapter. */
export interface Tuner {
  /**
   * The fastest variant's name for this work, or `undefined` where it was never measured: the profile's default is used
   * then.
   *
   * @param work.family Kernel family, for example `conv_forward`.
   * @param work.key Everything that determines the work: shapes and attributes as one string.
   */
  choose(work: { readonly family: string; readonly key: string }, candidates: Candidates): string | undefined;
}

/** What a lowering may know about the device. */
export interface Target {
  /** Which kind of adapter this is. */
  readonly profile: Profile;
  /** What products multiply, `f32` by default. `f16` needs `shader-f16`, and kernels on tiles whatever the profile. */
  readonly compute?: ComputeType;
  /** Largest storage buffer binding in bytes. */
  readonly maxBindingBytes: number;
  /** Most storage buffers of one dispatch. */
  readonly maxStorageBuffers: number;
  /** Texels that a dispatch may read, see `texels.ts`; none if left out. */
  readonly maxTexels?: number;
  /** Invocations of the smallest subgroup, a power of two; 1, or left out, where kernels cannot use subgroups. */
  readonly subgroups?: number;
  /** Measured choices between variants; estimates decide if left out. */
  readonly tuner?: Tuner;
}

/** Most workgroups that WebGPU's default limits allow in one dimension. */
const MAX_GRID = 65_535;

/**
 * A grid of at least `workgroups` workgroups, folded over x and y. The kernel finds its number as `workgroup_id.x +
 * workgroup_id.y * num_workgroups.x` and must test it against the work left, because the fold rounds up.
 *
 * @throws {RangeError} where even two dimensions are not enough.
 */
export function gridFor(workgroups: number): Grid {
  if (!Number.isInteger(workgroups) || workgroups < 1) {
    throw new RangeError(`gridFor() needs a positive whole number of workgroups, got ${workgroups}`);
  }
  if (workgroups <= MAX_GRID) return [workgroups, 1, 1];
  const rows = Math.ceil(workgroups / MAX_GRID);
  if (rows > MAX_GRID) {
    throw new RangeError(`${workgroups} workgroups exceed WebGPU's grid of ${MAX_GRID} x ${MAX_GRID}`);
  }
  return [Math.ceil(workgroups / rows), rows, 1];
}
