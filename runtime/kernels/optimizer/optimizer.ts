/**
 * Lowerings of the optimisers' kernels, which work on whole slabs: every parameter of a model in one dispatch.
 *
 * A slab larger than one binding can hold is processed in pieces.
 *
 * @module
 */
import accumulateText from "../../../shaders/optimizer/accumulate.wgsl" with { type: "text" };
import adamText from "../../../shaders/optimizer/adam.wgsl" with { type: "text" };
import normText from "../../../shaders/optimizer/gradient_norm.wgsl" with { type: "text" };
import lossScaleText from "../../../shaders/optimizer/loss_scale.wgsl" with { type: "text" };
import movingAverageText from "../../../shaders/optimizer/moving_average.wgsl" with { type: "text" };
import sgdText from "../../../shaders/optimizer/sgd.wgsl" with { type: "text" };
import { type Dispatch, f32, gridFor, type Lowering, reads, type Target, updates, writes } from "../kernel.ts";
import type { KernelValues } from "../expand.ts";

/** Invocations a workgroup, by profile. */
const UPDATE_LANES = { software: 64, gpu: 256 } as const;
const NORM_LANES = { software: 16, gpu: 256 } as const;
const COMBINE_LANES = 256;
/** Elements whose squares one workgroup sums. */
const CHUNK = 16_384;
/** Elements to which pieces of a slab are aligned: WebGPU binds at multiples of 256 bytes. */
const ALIGNMENT = 64;

/** A stretch of a slab: its first element, and how many there are. */
export type Stretch = readonly [start: number, count: number];

/** What the update kernels need to know. */
export interface UpdateOptions {
  /** Length of the slabs in elements, a multiple of 4. */
  readonly length: number;
  readonly target: Target;
  /** Whether weight decay spares some parameters; {@link decayBits} is the last input then. */
  readonly exempt?: boolean;
}

/** Inputs after the slabs: their names and element types. */
type Tail = readonly (readonly [name: string, type: "f32" | "u32"])[];

/** The inputs of an optimiser's step after its slabs. */
function stepTail({ exempt = false }: UpdateOptions): Tail {
  return [["hyper", "f32"], ["control", "f32"], ...(exempt ? [["decayed", "u32"] as const] : [])];
}

/**
 * One step of Adam. Inputs, the first three of them written in place: parameters, m, v, gradients, hyper [7], control
 * [2], and with `exempt` the parameters that decay.
 */
export function lowerAdam(options: UpdateOptions): Lowering {
  const slabs = ["parameters", "m", "v", "gradients"];
  const flags = { EXEMPT: options.exempt ?? false };
  return lowerUpdate(options, { kernel: "adam", text: adamText, flags, slabs, tail: stepTail(options), flops: 16 });
}

/**
 * One step of SGD with momentum. Inputs, the first two of them written in place: parameters, velocity, gradients, hyper
 * [4], control [2], and with `exempt` the parameters that decay.
 */
export function lowerSgd(options: UpdateOptions & { nesterov: boolean }): Lowering {
  const slabs = ["parameters", "velocity", "gradients"];
  const flags = { NESTEROV: options.nesterov, EXEMPT: options.exempt ?? false };
  return lowerUpdate(options, { kernel: "sgd", text: sgdText, flags, slabs, tail: stepTail(options), flops: 8 });
}

/** Adds weighted gradients to a total. Inputs: total (in place), values, hyper [2]: weight, 1 to start from zero. */
export function lowerAccumulate(options: UpdateOptions): Lowering {
  const slabs = ["total", "values"];
  return lowerUpdate(options, {
    kernel: "accumulate",
    text: accumulateText,
    slabs,
    tail: [["hyper", "f32"]],
    flops: 2,
  });
}

/** Moves an average towards values. Inputs: average (in place), values, hyper [1]: 1 - decay. */
export function lowerMovingAverage(options: UpdateOptions): Lowering {
  const slabs = ["average", "values"];
  const tail: Tail = [["hyper", "f32"]];
  return lowerUpdate(options, { kernel: "moving_average", text: movingAverageText, slabs, tail, flops: 3 });
}

/**
 * Which parameters of a slab decay, a bit for each block of 64 elements, as the optimisers' kernels read it.
 *
 * @param length Length of the slab in elements.
 * @param decayed Where the parameters that decay lie; starts are multiples of 64.
 */
export function decayBits(length: number, decayed: readonly Stretch[]): Uint32Array {
  const bits = new Uint32Array(Math.max(1, Math.ceil(length / ALIGNMENT / 32)));
  for (const [start, count] of decayed) {
    for (let block = start / ALIGNMENT; block < (start + count) / ALIGNMENT; block++) bits[block >> 5]! |= 1 << block;
  }
  return bits;
}

function lowerUpdate(
  options: UpdateOptions,
  spec: {
    kernel: string;
    text: string;
    flags?: KernelValues;
    /** The slabs; the last one is read, and all others change in place. */
    slabs: readonly string[];
    tail: Tail;
    flops: number;
  },
): Lowering {
  const { length, target } = options;
  if (!Number.isInteger(length) || length < 4 || length % 4 !== 0) {
    throw new RangeError(`${spec.kernel}: a slab's length must be a positive multiple of 4, got ${length}`);
  }
  const lanes = UPDATE_LANES[target.profile];
  const dispatches = pieces(length, target).map(([first, count]): Dispatch => {
    const piece = count < length ? { first, count } : {};
    const slabs = spec.slabs.map((name, input) => {
      const use = input === spec.slabs.length - 1 ? reads : updates;
      return [name, use({ input, ...piece }, "vec4f")];
    });
    const tail = spec.tail.map(([name, type], i) => [name, reads({ input: slabs.length + i }, type)]);
    return {
      kernel: spec.kernel,
      code: spec.text,
      values: spec.flags ?? {},
      lanes,
      uniforms: { vectors: count / 4, ...(options.exempt ? { block: first / ALIGNMENT } : {}) },
      operands: { ...Object.fromEntries(slabs), ...Object.fromEntries(tail) },
      grid: gridFor(Math.ceil(count / 4 / lanes)),
      flops: count * spec.flops,
      bytes: count * 4 * (2 * spec.slabs.length - 1),
    };
  });
  return { dispatches };
}

/** The stretches of a slab that a binding can hold. */
function pieces(length: number, target: Target): Stretch[] {
  const most = largestPiece(target);
  return Array.from({ length: Math.ceil(length / most) }, (_, i) => [i * most, Math.min(most, length - i * most)]);
}

function largestPiece(target: Target): number {
  return Math.floor(target.maxBindingBytes / 4 / ALIGNMENT) * ALIGNMENT;
}

/**
 * The chunks into which the first pass of the gradient norm cuts the parameters of a slab; as u32 [chunks, 2] it is the
 * kernel's second input.
 *
 * @param parameters Where each parameter lies, in ascending order; starts are multiples of 64.
 * @throws {RangeError} for parameters that overlap or start elsewhere.
 */
export function normChunks(parameters: readonly Stretch[]): Stretch[] {
  const chunks: Stretch[] = [];
  let end = 0;
  for (const [start, count] of parameters) {
    if (start % ALIGNMENT !== 0 || start < end) {
      throw new RangeError(
        `gradient_norm: parameters must start at multiples of ${ALIGNMENT}, in order and apart; ` +
          `got ${start} after ${end}`,
      );
    }
    for (let done = 0; done < count; done += CHUNK) chunks.push([start + done, Math.min(CHUNK, count - done)]);
    end = start + count;
  }
  return chunks;
}

/**
 * The global norm of the gradients in a slab, and the factor that clips it.
 *
 * Inputs: gradients, chunks u32 [chunks, 2] (see {@link normChunks}), limits [2] (largest norm allowed, 1 to leave
 * non-finite steps out), and with `scaled` the factor [1 or more] that all gradients come multiplied by, a power of
 * two. Outputs: the norm [1]; control [2], the factor min(1, limit / norm) and 1 if this step is to be left out. A sum
 * of squares beyond float32 (a norm over 1.8e19) counts as not finite.
 */
export function lowerGradientNorm(
  options: { length: number; parameters: readonly Stretch[]; target: Target; scaled?: boolean },
): Lowering {
  const { length, target, scaled = false } = options;
  const chunks = normChunks(options.parameters);
  const shared = target.profile === "gpu";
  const lanes = NORM_LANES[target.profile];
  const partials = chunks.length * (shared ? 1 : lanes);
  const sums = chunkRuns(chunks, largestPiece(target)).map(({ first, count, base, end }): Dispatch => {
    const whole = largestPiece(target) >= length;
    const piece = { first: base, count: Math.min(length, Math.ceil(end / ALIGNMENT) * ALIGNMENT) - base };
    return {
      kernel: `gradient_norm/${target.profile}`,
      code: normText,
      values: { COMBINE: false, SHARED: shared, SCALED: false },
      lanes,
      uniforms: { first, chunk_count: count, base: whole ? 0 : base },
      operands: {
        gradients: reads(whole ? { input: 0 } : { input: 0, ...piece }, "vec4f"),
        chunks: reads({ input: 1 }, "vec2u"),
        partials: writes({ scratch: 0 }, "f32"),
      },
      grid: gridFor(count),
      flops: (end - base) * 2,
      bytes: (end - base) * 4,
    };
  });
  const combine: Dispatch = {
    kernel: "gradient_norm_combine",
    code: normText,
    values: { COMBINE: true, SHARED: true, SCALED: scaled },
    lanes: COMBINE_LANES,
    uniforms: { count: partials },
    operands: {
      partials: reads({ scratch: 0 }, "f32"),
      limits: reads({ input: 2 }, "f32"),
      ...(scaled ? { loss_scale: reads({ input: 3 }, "f32") } : {}),
      norm: writes({ output: 0 }, "f32"),
      control: writes({ output: 1 }, "f32"),
    },
    grid: [1, 1, 1],
    flops: partials,
  };
  return { scratch: [partials], dispatches: [...sums, combine] };
}

/**
 * What becomes of a loss's scale after a step. Inputs: state [2] (the scale, the good steps since it changed), in
 * place; control [2] of {@link lowerGradientNorm}.
 *
 * @param options.interval Good steps in a row after which the scale is doubled.
 * @param options.least The scale's bounds, powers of two: the least,
 * @param options.most and the most.
 */
export function lowerLossScale(options: { interval: number; least: number; most: number }): Lowering {
  const { interval, least, most } = options;
  return {
    dispatches: [{
      kernel: "loss_scale",
      code: lossScaleText,
      lanes: 1,
      uniforms: { interval: f32(interval), least: f32(least), most: f32(most) },
      operands: { state: updates({ input: 0 }, "f32"), control: reads({ input: 1 }, "f32") },
      grid: [1, 1, 1],
    }],
  };
}

/** Runs of neighbouring chunks, each of which lies within `most` elements. */
function chunkRuns(
  chunks: readonly Stretch[],
  most: number,
): { first: number; count: number; base: number; end: number }[] {
  const runs: { first: number; count: number; base: number; end: number }[] = [];
  chunks.forEach(([start, count], i) => {
    const run = runs.at(-1);
    if (run && start + count - run.base <= most) {
      run.count++;
      run.end = start + count;
    } else runs.push({ first: i, count: 1, base: start, end: start + count });
  });
  return runs;
}
