/**
 * What a kernel is to the engine: WGSL text, constants, a grid and the buffers it binds.
 *
 * A **lowering** is a pure function from shapes and attributes to a list of dispatches; it touches no device, so it can be
 * unit-tested, timed and cached by itself. The contract for the WGSL text:
 *
 * - one entry point, `main`, in bind group 0;
 * - `@binding(0..n-1)` are the storage buffers listed in `Dispatch.bindings`, in that order; an input is declared
 *   `var<storage, read>`, an output or scratch buffer `var<storage, read_write>`. (Where the memory plan puts a read and a
 *   written tensor into one buffer, the engine turns `read` into `read_write`: WebGPU tracks usage by whole buffers.);
 * - when `Dispatch.uniforms` is given, `@binding(n)` is `var<uniform>`, those 32-bit unsigned integers;
 * - when `Dispatch.texels` is given, the binding after these is `var texels: texture_storage_2d<rgba32float, read>`, read by `first_texel()`
 *   and `second_texel()` of shaders/shared/texels.wgsl, a function for each operand; where in it each of them begins stands in the uniforms, and the
 *   engine may change it: what lies in the texture already is not copied again;
 * - storage buffers are arrays of numbers, or vectors of 2 or 4, that are read and assigned to by an index and in no other way, wherever they may
 *   hold feature maps: the engine can then store those as float16 (`half.ts`);
 * - sizes known when the program is compiled are `override` constants (or uniforms, where several shapes should share one pipeline
 *   or where a constant trip count would be unrolled into something that takes minutes to compile);
 * - a kernel never reads what it writes from another invocation, and never relies on the order of workgroups: equal inputs give
 *   bit-equal outputs.
 *
 * @module
 */

import type { Epilogue } from "./pointwise/expression.ts";

/**
 * A buffer of the op: its i-th input, i-th output or i-th scratch buffer, or `count` 32-bit elements of it from element `first`
 * (a multiple of 64: WebGPU aligns bindings to 256 bytes), where the whole exceeds what one binding can hold.
 */
export type Binding =
  & ({ readonly input: number } | { readonly output: number } | { readonly scratch: number })
  & { readonly first?: number; readonly count?: number };

/** Workgroup counts in x, y and z; each at most 65,535. */
export type Grid = readonly [number, number, number];

/** One dispatch of one kernel. */
export interface Dispatch {
  /** Kernel family and variant for errors and profiles, for example `conv_forward/software-8x2`. */
  readonly kernel: string;
  /** The WGSL text. */
  readonly code: string;
  /** Values of the text's `override` declarations. */
  readonly constants?: Readonly<Record<string, number>>;
  /** 32-bit unsigned integers, bound as a uniform buffer after the storage buffers. */
  readonly uniforms?: readonly number[];
  readonly bindings: readonly Binding[];
  /** Bindings, at most two, each of a multiple of 4 elements, that the kernel reads as texels, see `texels.ts`. */
  readonly texels?: readonly Binding[];
  /** For each of `texels` the place in `uniforms` of its first texel's number; there they lie one after the other, see `texelPlaces()`. */
  readonly texelWords?: readonly number[];
  readonly grid: Grid;
  /** Floating-point operations, for profiles. */
  readonly flops?: number;
  /** Bytes read and written at least once, for profiles; the sum of the bound tensors if left out. */
  readonly bytes?: number;
}

/** What an op does on the GPU: dispatches in order, with scratch buffers that live as long as the op runs. */
export interface Lowering {
  /** Number of 32-bit elements of each scratch buffer. */
  readonly scratch?: readonly number[];
  readonly dispatches: readonly Dispatch[];
}

/** How kernels are chosen: a real GPU, or Vulkan on the CPU, where workgroup memory and barriers cost more than they save. */
export type Profile = "gpu" | "software";

/** A way to do a piece of work. */
export interface KernelVariant {
  readonly name: string;
  /** Estimated time, to be compared with that of the other variants only. */
  readonly cost: number;
  readonly lower: (epilogue?: Epilogue) => Lowering;
}

/** What there is to choose from. */
export interface Candidates {
  readonly variants: readonly KernelVariant[];
  /** Elements of the inputs and outputs. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/** A choice between variants of a kernel that has been, or can be, measured on this adapter. */
export interface Tuner {
  /**
   * The fastest variant's name for this work, or `undefined` where it was never measured: the profile's default is used then.
   *
   * @param work.family Kernel family, for example `conv_forward`.
   * @param work.key Everything that determines the work: shapes and attributes as one string.
   */
  choose(work: { readonly family: string; readonly key: string }, candidates: Candidates): string | undefined;
}

/** What a lowering may know about the device. */
export interface Target {
  readonly profile: Profile;
  readonly maxBindingBytes: number;
  readonly maxStorageBuffers: number;
  /** Texels that a dispatch may read, see `texels.ts`; none if left out. */
  readonly maxTexels?: number;
  readonly tuner?: Tuner;
}

const declaredAccess = new Map<string, ("read" | "read_write")[]>();

/** How a text declares each of its storage buffers. */
export function accessOf(code: string): readonly ("read" | "read_write")[] {
  let found = declaredAccess.get(code);
  if (!found) {
    found = [];
    for (const [, index, access] of code.matchAll(/@binding\((\d+)\)\s*var<storage,\s*(read_write|read)>/g)) {
      found[Number(index)] = access as "read" | "read_write";
    }
    declaredAccess.set(code, found);
  }
  return found;
}

/** Most workgroups that WebGPU's default limits allow in one dimension. */
const MAX_GRID = 65_535;

/**
 * A grid of at least `workgroups` workgroups, folded over x and y. The kernel finds its number as
 * `workgroup_id.x + workgroup_id.y * num_workgroups.x` and must test it against the work left, because the fold rounds up.
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
