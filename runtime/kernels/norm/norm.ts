/**
 * Lowerings of batch normalisation over images seen as [rows, channels], rows being all positions of all samples.
 *
 * Normalising itself is pointwise, y = x * scale + shift, and fuses with what follows; here are the statistics that it
 * needs, and the sums that its gradient needs. Both read their large inputs once, in two deterministic passes.
 *
 * @module
 */
import { DEFAULT_LANES } from "../declarations.ts";
import compensatedCode from "../../../shaders/shared/compensated.wgsl" with { type: "text" };
import coefficientsCode from "../../../shaders/norm/norm_coefficients.wgsl" with { type: "text" };
import gradientCoefficientsCode from "../../../shaders/norm/norm_gradient_coefficients.wgsl" with { type: "text" };
import gradientFewCode from "../../../shaders/norm/norm_gradient_few.wgsl" with { type: "text" };
import gradientSumsCode from "../../../shaders/norm/norm_gradient_sums.wgsl" with { type: "text" };
import momentsCode from "../../../shaders/norm/norm_moments.wgsl" with { type: "text" };
import statisticsCode from "../../../shaders/norm/norm_statistics.wgsl" with { type: "text" };
import {
  type Binding,
  type Dispatch,
  f32,
  floats,
  gridFor,
  type Lowering,
  reads,
  type Target,
  updates,
  writes,
} from "../kernel.ts";
import type { ColumnPartials } from "./column_sums.ts";
import type { KernelValues } from "../expand.ts";
import { subgroupParts } from "../subgroups.ts";
import { sumTypes } from "../sums.ts";
import { readMapsAsTexels } from "../texels.ts";

/** An image tensor seen as a matrix. */
export interface Rows {
  /** Samples times height times width. */
  readonly rows: number;
  readonly channels: number;
}

/** How the first pass shares out the rows; see `shaders/norm/norm_moments.wgsl`. */
export interface RowSplit {
  /** Channels that one invocation works on. */
  readonly width: 1 | 4;
  /** Channels / width. */
  readonly groups: number;
  /** Rows of a chunk; a multiple of `interleave`. */
  readonly chunkRows: number;
  /** Invocations of one group that take turns within a chunk. */
  readonly interleave: number;
  /** Invocations of all groups. */
  readonly lanes: number;
}

/** Invocations that keep an adapter busy. */
const WANTED_LANES = { software: 1024, gpu: 65_536 } as const;
/** Fewer rows an invocation are not worth its share of the second pass. */
const MIN_ROWS = { software: 32, gpu: 8 } as const;
/** The most rows that one invocation adds up: bounds float32's rounding error. */
const MAX_ROWS = 4096;

/** How the first passes read so many feature maps. */
function mapReads({ rows, channels }: Rows, options: { maps: number; split: RowSplit; target: Target }) {
  const { maps, split, target } = options;
  const sizes = new Array<number>(maps).fill(rows * channels);
  const texels = split.width === 4 && readMapsAsTexels(sizes, target.maxTexels);
  return {
    suffix: texels ? "-texels" : "",
    map: (input: number) => reads({ input }, floats(split.width), texels ? { texels } : {}),
  };
}

/** Shares the rows out among enough invocations to fill the adapter. */
export function splitRows({ rows, channels }: Rows, target: Target): RowSplit {
  const width = channels % 4 === 0 ? 4 : 1;
  const groups = channels / width;
  // A workgroup's invocations are neighbours in memory: whole rows, as many as it takes to fill it.
  const interleave = Math.min(rows, Math.ceil(DEFAULT_LANES / groups));
  const forWork = Math.ceil(rows * groups / WANTED_LANES[target.profile]);
  const rowsEach = Math.min(MAX_ROWS, Math.max(MIN_ROWS[target.profile], forWork));
  const chunkRows = Math.min(Math.ceil(rows / interleave), rowsEach) * interleave;
  const chunks = Math.ceil(rows / chunkRows);
  return { width, groups, chunkRows, interleave, lanes: chunks * interleave * groups };
}

/** Workgroups that keep a large GPU half busy: two views often run as one dispatch. */
const BUSY_GROUPS = 66;
/** Bytes of partial results up to which it costs little that single channels are read in four times as many loads. */
const FEW_PARTIALS = 4 * 2 ** 20;
/** Invocations of a workgroup that combines many partial results. */
const MANY_LANES = 256;

/** What the second passes work on: their own partial results, or those of a kernel that made the feature map. */
interface SecondPass {
  /** Channels that a workgroup (on GPUs) or an invocation combines. */
  readonly width: 1 | 4;
  /** Channels / width. */
  readonly groups: number;
  /** Partial results, of all groups. */
  readonly lanes: number;
  readonly from: Binding;
  /** Grid, and size of a workgroup. */
  readonly launch: Pick<Dispatch, "grid" | "lanes" | "subgroups">;
  readonly values: KernelValues;
}

/**
 * @param given.planes Values of a partial result.
 * @param given.input The op's input that holds partial results of another kernel.
 */
function passOver(
  { channels }: Rows,
  given: { partials: ColumnPartials | undefined; split: RowSplit; planes: number; input: number; target: Target },
): SecondPass {
  const { partials, split, planes, input, target } = given;
  const from = partials ? { input } : { scratch: 0 };
  const shares = partials ? partials.shares : split.lanes / split.groups;
  const isWide = target.profile === "gpu";
  const pass = (width: 1 | 4, launch: SecondPass["launch"], values: KernelValues = {}) => {
    const groups = channels / width;
    return {
      width,
      groups,
      lanes: shares * groups,
      from,
      launch,
      values: { VECTORS: width === 4, WIDE: isWide, ...values },
    };
  };
  const widest = partials ? 4 : split.width;
  const groups = channels / widest;
  if (!isWide) return pass(widest, { grid: gridFor(Math.ceil(groups / DEFAULT_LANES)) });
  // A workgroup for each group of channels.
  const isSmall = 4 * planes * shares * channels <= FEW_PARTIALS;
  const width = groups < BUSY_GROUPS && isSmall ? 1 : widest;
  const lanes = shares < MANY_LANES ? DEFAULT_LANES : MANY_LANES;
  const subgroups = subgroupParts(target, lanes);
  return pass(width, { grid: gridFor(channels / width), lanes, ...subgroups.dispatch }, subgroups.values);
}

/**
 * Statistics of a batch: inputs x [rows, channels], gamma, beta, running mean and running variance [channels], the last
 * two updated in place with the unbiased variance (with the biased one for a single row, where there is no other);
 * outputs scale, shift [channels] and moments [2, channels]: mean and 1 / sqrt(biased variance + epsilon).
 *
 * @param options.momentum Weight of the new value in the running statistics, PyTorch's convention.
 * @param options.partials The first pass's results, if another kernel has computed them: a sixth input; see
 * `column_sums.ts`.
 */
export function lowerBatchNormStatistics(
  shape: Rows,
  options: { momentum: number; epsilon: number; target: Target; partials?: ColumnPartials | undefined },
): Lowering {
  const { rows, channels } = shape;
  const { target, partials } = options;
  const split = splitRows(shape, target);
  const pass = passOver(shape, { partials, split, planes: partials ? 3 : 2, input: 5, target });
  const type = floats(pass.width);
  const values = { ...pass.values, Value: type, COUNTED: partials !== undefined };
  const { map, suffix } = mapReads(shape, { maps: 1, split, target });
  const moments: Dispatch = {
    kernel: `norm_moments/x${split.width}${suffix}`,
    code: momentsCode,
    values: { Value: floats(split.width) },
    uniforms: splitUniforms(rows, split),
    operands: { x: map(0), partials: writes({ scratch: 0 }, floats(split.width)) },
    grid: gridFor(Math.ceil(split.lanes / DEFAULT_LANES)),
    flops: 5 * rows * channels,
  };
  const statistics: Dispatch = {
    kernel: `norm_statistics/${target.profile}-x${pass.width}`,
    code: statisticsCode,
    values,
    uniforms: {
      ...(partials ? { rows } : splitUniforms(rows, split)),
      groups: pass.groups,
      lanes: pass.lanes,
      epsilon: f32(options.epsilon),
      momentum: f32(options.momentum),
      unbias: f32(rows > 1 ? rows / (rows - 1) : 1),
    },
    operands: {
      partials: reads(pass.from, type),
      gamma: reads({ input: 1 }, type),
      beta: reads({ input: 2 }, type),
      running_mean: updates({ input: 3 }, type),
      running_variance: updates({ input: 4 }, type),
      scale: writes({ output: 0 }, type),
      shift: writes({ output: 1 }, type),
      moments: writes({ output: 2 }, type),
    },
    ...pass.launch,
  };
  return partials
    ? { dispatches: [statistics] }
    : { scratch: [2 * split.lanes * split.width], dispatches: [moments, statistics] };
}

/**
 * Coefficients in evaluation: inputs mean, variance, gamma, beta [channels]; outputs as of {@link
 * lowerBatchNormStatistics}.
 */
export function lowerBatchNormCoefficients(options: { channels: number; epsilon: number }): Lowering {
  const { channels, epsilon } = options;
  return {
    dispatches: [{
      kernel: "norm_coefficients",
      code: coefficientsCode,
      uniforms: { channels, epsilon: f32(epsilon) },
      operands: {
        mean: reads({ input: 0 }, "f32"),
        variance: reads({ input: 1 }, "f32"),
        gamma: reads({ input: 2 }, "f32"),
        beta: reads({ input: 3 }, "f32"),
        scale: writes({ output: 0 }, "f32"),
        shift: writes({ output: 1 }, "f32"),
        moments: writes({ output: 2 }, "f32"),
      },
      grid: gridFor(Math.ceil(channels / DEFAULT_LANES)),
    }],
  };
}

/**
 * Gradient of a batch normalisation: inputs dy, x [rows, channels], moments [2, channels], scale and shift [channels];
 * outputs the gradients of gamma and beta [channels] and, in training, slope, offset and mean [channels] of dx = dy *
 * scale + (x - mean) * slope + offset, and the sum of dx over the rows [channels], which is zero.
 *
 * @param options.relu True if y = max(x * scale + shift, 0): dy counts only where that is positive. The caller, who
 * forms dx, masks dy too.
 * @param options.partials The first pass's results, if another kernel has computed them: a sixth input.
 * @param options.training True if mean and variance are those of x; false if they are constants (then dx = dy * scale).
 */
export function lowerBatchNormGradient(
  shape: Rows,
  options: { relu: boolean; training: boolean; target: Target; partials?: ColumnPartials | undefined },
): Lowering {
  const { rows, channels } = shape;
  const { relu, training, target, partials } = options;
  const split = splitRows(shape, target);
  const pass = passOver(shape, { partials, split, planes: 3, input: 5, target });
  const type = floats(pass.width);
  const { map, suffix } = mapReads(shape, { maps: 2, split, target });
  const gradientSums: Dispatch = {
    kernel: `norm_gradient_sums/${relu ? "relu-" : ""}x${split.width}${suffix}`,
    code: [gradientSumsCode, compensatedCode].join("\n"),
    values: { ...sumTypes(split.width), RELU: relu },
    uniforms: { ...splitUniforms(rows, split), zero: 0 },
    operands: {
      dy: map(0),
      x: map(1),
      moments: reads({ input: 2 }, floats(split.width)),
      ...(relu
        ? { scale: reads({ input: 3 }, floats(split.width)), shift: reads({ input: 4 }, floats(split.width)) }
        : {}),
      partials: writes({ scratch: 0 }, floats(split.width)),
    },
    grid: gridFor(Math.ceil(split.lanes / DEFAULT_LANES)),
    flops: (relu ? 6 : 4) * rows * channels,
  };
  // Devices with WebGPU's least number of buffers cannot bind another one.
  const apart = training && target.maxStorageBuffers < COEFFICIENT_BUFFERS;
  const zeros = apart ? [zeroRowSums(channels)] : [];
  const coefficients: Dispatch = {
    kernel: `norm_gradient_coefficients/${training ? "training-" : ""}${target.profile}-x${pass.width}`,
    code: [gradientCoefficientsCode, compensatedCode].join("\n"),
    values: { ...pass.values, ...sumTypes(pass.width), TRAINING: training, APART: apart },
    uniforms: { rows, groups: pass.groups, lanes: pass.lanes, zero: 0 },
    operands: {
      partials: reads(pass.from, type),
      moments: reads({ input: 2 }, type),
      gamma_gradient: writes({ output: 0 }, type),
      beta_gradient: writes({ output: 1 }, type),
      ...(training
        ? {
          scale: reads({ input: 3 }, type),
          slope: writes({ output: 2 }, type),
          offset: writes({ output: 3 }, type),
          centre: writes({ output: 4 }, type),
          ...(apart ? {} : { row_sum: writes({ output: 5 }, type) }),
        }
        : {}),
    },
    ...pass.launch,
  };
  return partials
    ? { dispatches: [coefficients, ...zeros] }
    : { scratch: [3 * split.lanes * split.width], dispatches: [gradientSums, coefficients, ...zeros] };
}

/** Buffers that the second pass of a gradient in training binds. */
const COEFFICIENT_BUFFERS = 9;

/** What dx sums to over the rows of each channel. */
function zeroRowSums(channels: number): Dispatch {
  return {
    kernel: "norm_row_sums",
    code: `fn kernel(group: u32, lane: u32) {
      let channel = group * LANES + lane;
      if (channel < p.channels) { row_sum_put(channel, 0.0); }
    }`,
    uniforms: { channels },
    operands: { row_sum: writes({ output: 5 }, "f32") },
    grid: gridFor(Math.ceil(channels / DEFAULT_LANES)),
  };
}

/** Rows up to which {@link lowerBatchNormFewGradient} works. */
export const FEW_ROWS = 16;

/**
 * The whole gradient of a batch normalisation over at most {@link FEW_ROWS} rows whose mean and variance are those of
 * x: inputs as of {@link lowerBatchNormGradient}; outputs the gradients of gamma and beta [channels] and dx [rows,
 * channels].
 *
 * @param options.relu As there.
 */
export function lowerBatchNormFewGradient(shape: Rows, options: { relu: boolean; epsilon: number }): Lowering {
  const { rows, channels } = shape;
  const { relu, epsilon } = options;
  const width = channels % 4 === 0 ? 4 : 1;
  const groups = channels / width;
  const type = floats(width);
  return {
    dispatches: [{
      kernel: `norm_gradient_few/${relu ? "relu-" : ""}${rows}x${width}`,
      code: [gradientFewCode, compensatedCode].join("\n"),
      values: { ...sumTypes(width), ROWS: rows, RELU: relu },
      uniforms: { groups, epsilon: f32(epsilon), zero: 0 },
      operands: {
        dy: reads({ input: 0 }, type),
        x: reads({ input: 1 }, type),
        moments: reads({ input: 2 }, type),
        scale: reads({ input: 3 }, type),
        shift: reads({ input: 4 }, type),
        gamma_gradient: writes({ output: 0 }, type),
        beta_gradient: writes({ output: 1 }, type),
        dx: writes({ output: 2 }, type),
      },
      grid: gridFor(Math.ceil(groups / DEFAULT_LANES)),
      flops: 40 * rows * channels,
    }],
  };
}

function splitUniforms(rows: number, split: RowSplit) {
  return {
    rows,
    groups: split.groups,
    chunk_rows: split.chunkRows,
    interleave: split.interleave,
    lanes: split.lanes,
  };
}
