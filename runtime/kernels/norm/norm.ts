/**
 * Lowerings of batch normalisation over images seen as [rows, channels], rows being all positions of all samples.
 *
 * Normalising itself is pointwise, y = x * scale + shift, and fuses with what follows; here are the statistics that it needs, and the sums
 * that its gradient needs. Both read their large inputs once, in two deterministic passes.
 *
 * @module
 */
import { legacy } from "../legacy.ts";
import compensatedCode from "../../../shaders/shared/compensated.wgsl" with { type: "text" };
import coefficientsCode from "../../../shaders/norm/norm_coefficients.wgsl" with { type: "text" };
import gradientCoefficientsCode from "../../../shaders/norm/norm_gradient_coefficients.wgsl" with { type: "text" };
import gradientFewCode from "../../../shaders/norm/norm_gradient_few.wgsl" with { type: "text" };
import gradientSumsCode from "../../../shaders/norm/norm_gradient_sums.wgsl" with { type: "text" };
import momentsCode from "../../../shaders/norm/norm_moments.wgsl" with { type: "text" };
import statisticsCode from "../../../shaders/norm/norm_statistics.wgsl" with { type: "text" };
import { gridFor, type Lowering, type Target } from "../kernel.ts";
import { floatBits } from "../bits.ts";
import { fillTemplate } from "../template.ts";

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

const WORKGROUP = 64;
/** Invocations that keep an adapter busy. */
const WANTED_LANES = { software: 1024, gpu: 65_536 } as const;
/** Fewer rows an invocation are not worth its share of the second pass. */
const MIN_ROWS = { software: 32, gpu: 8 } as const;
/** The most rows that one invocation adds up: bounds float32's rounding error. */
const MAX_ROWS = 4096;

/** Shares the rows out among enough invocations to fill the adapter. */
export function splitRows({ rows, channels }: Rows, target: Target): RowSplit {
  const width = channels % 4 === 0 ? 4 : 1;
  const groups = channels / width;
  // A workgroup's invocations are neighbours in memory: whole rows, as many as it takes to fill it.
  const interleave = Math.min(rows, Math.ceil(WORKGROUP / groups));
  const forWork = Math.ceil(rows * groups / WANTED_LANES[target.profile]);
  const rowsEach = Math.min(MAX_ROWS, Math.max(MIN_ROWS[target.profile], forWork));
  const chunkRows = Math.min(Math.ceil(rows / interleave), rowsEach) * interleave;
  const chunks = Math.ceil(rows / chunkRows);
  return { width, groups, chunkRows, interleave, lanes: chunks * interleave * groups };
}

/**
 * Statistics of a batch: inputs x [rows, channels], gamma, beta, running mean and running variance [channels], the last two
 * updated in place with the unbiased variance (with the biased one for a single row, where there is no other); outputs scale, shift
 * [channels] and moments [2, channels]: mean and 1 / sqrt(biased variance + epsilon).
 *
 * @param options.momentum Weight of the new value in the running statistics, PyTorch's convention.
 */
export function lowerBatchNormStatistics(
  shape: Rows,
  options: { momentum: number; epsilon: number; target: Target },
): Lowering {
  const { rows, channels } = shape;
  const { target } = options;
  const split = splitRows(shape, target);
  const values = { VALUE: split.width === 4 ? "vec4f" : "f32", WIDE: target.profile === "gpu" };
  const uniforms = splitUniforms(rows, split);
  return {
    scratch: [2 * split.lanes * split.width],
    dispatches: [
      legacy({
        kernel: `norm_moments/x${split.width}`,
        code: fillTemplate(momentsCode, values),
        uniforms,
        bindings: [{ input: 0 }, { scratch: 0 }],
        grid: gridFor(Math.ceil(split.lanes / WORKGROUP)),
        flops: 5 * rows * channels,
      }),
      legacy({
        kernel: `norm_statistics/${target.profile}-x${split.width}`,
        code: fillTemplate(statisticsCode, values),
        uniforms: [
          ...uniforms,
          floatBits(options.epsilon),
          floatBits(options.momentum),
          floatBits(rows > 1 ? rows / (rows - 1) : 1),
        ],
        bindings: [
          { scratch: 0 },
          { input: 1 },
          { input: 2 },
          { input: 3 },
          { input: 4 },
          { output: 0 },
          { output: 1 },
          { output: 2 },
        ],
        grid: secondPassGrid(split, target),
      }),
    ],
  };
}

/**
 * Coefficients in evaluation: inputs mean, variance, gamma, beta [channels]; outputs as of {@link lowerBatchNormStatistics}.
 */
export function lowerBatchNormCoefficients(options: { channels: number; epsilon: number }): Lowering {
  const { channels, epsilon } = options;
  return {
    dispatches: [legacy({
      kernel: "norm_coefficients",
      code: coefficientsCode,
      uniforms: [channels, floatBits(epsilon)],
      bindings: [
        { input: 0 },
        { input: 1 },
        { input: 2 },
        { input: 3 },
        { output: 0 },
        { output: 1 },
        { output: 2 },
      ],
      grid: gridFor(Math.ceil(channels / WORKGROUP)),
    })],
  };
}

/**
 * Gradient of a batch normalisation: inputs dy, x [rows, channels], moments [2, channels], scale and shift [channels]; outputs the
 * gradients of gamma and beta [channels] and, in training, slope, offset and mean [channels] of
 * dx = dy * scale + (x - mean) * slope + offset.
 *
 * @param options.relu True if y = max(x * scale + shift, 0): dy counts only where that is positive. Whoever forms dx masks dy too.
 * @param options.training True if mean and variance are those of x; false if they are constants (then dx = dy * scale).
 */
export function lowerBatchNormGradient(
  shape: Rows,
  options: { relu: boolean; training: boolean; target: Target },
): Lowering {
  const { rows, channels } = shape;
  const { relu, training, target } = options;
  const split = splitRows(shape, target);
  const values = {
    ...valueTypes(split.width),
    WIDE: target.profile === "gpu",
    RELU: relu,
    TRAINING: training,
  };
  return {
    scratch: [3 * split.lanes * split.width],
    dispatches: [
      legacy({
        kernel: `norm_gradient_sums/${relu ? "relu-" : ""}x${split.width}`,
        code: fillTemplate(gradientSumsCode, values) + compensatedCode,
        uniforms: [...splitUniforms(rows, split), 0],
        bindings: [
          { input: 0 },
          { input: 1 },
          { input: 2 },
          ...(relu ? [{ input: 3 }, { input: 4 }] : []),
          { scratch: 0 },
        ],
        grid: gridFor(Math.ceil(split.lanes / WORKGROUP)),
        flops: (relu ? 6 : 4) * rows * channels,
      }),
      legacy({
        kernel: `norm_gradient_coefficients/${training ? "training-" : ""}${target.profile}-x${split.width}`,
        code: fillTemplate(gradientCoefficientsCode, values) + compensatedCode,
        uniforms: [rows, split.groups, split.lanes, 0],
        bindings: [
          { scratch: 0 },
          { input: 2 },
          { output: 0 },
          { output: 1 },
          ...(training ? [{ input: 3 }, { output: 2 }, { output: 3 }, { output: 4 }] : []),
        ],
        grid: secondPassGrid(split, target),
      }),
    ],
  };
}

/** Rows up to which {@link lowerBatchNormFewGradient} works. */
export const FEW_ROWS = 16;

/**
 * The whole gradient of a batch normalisation over at most {@link FEW_ROWS} rows whose mean and variance are those of x: inputs as
 * of {@link lowerBatchNormGradient}; outputs the gradients of gamma and beta [channels] and dx [rows, channels].
 *
 * @param options.relu As there.
 */
export function lowerBatchNormFewGradient(shape: Rows, options: { relu: boolean; epsilon: number }): Lowering {
  const { rows, channels } = shape;
  const { relu, epsilon } = options;
  const width = channels % 4 === 0 ? 4 : 1;
  const groups = channels / width;
  const code = fillTemplate(gradientFewCode, { ...valueTypes(width), ROWS: rows, RELU: relu });
  return {
    dispatches: [legacy({
      kernel: `norm_gradient_few/${relu ? "relu-" : ""}${rows}x${width}`,
      code: code + compensatedCode,
      uniforms: [groups, floatBits(epsilon), 0],
      bindings: [
        ...[0, 1, 2, 3, 4].map((input) => ({ input })),
        ...[0, 1, 2].map((output) => ({ output })),
      ],
      grid: gridFor(Math.ceil(groups / WORKGROUP)),
      flops: 40 * rows * channels,
    })],
  };
}

/** Types of a group of channels and of its bits. */
function valueTypes(width: 1 | 4) {
  return width === 4 ? { VALUE: "vec4f", BITS: "vec4u" } : { VALUE: "f32", BITS: "u32" };
}

function splitUniforms(rows: number, split: RowSplit): number[] {
  return [rows, split.groups, split.chunkRows, split.interleave, split.lanes];
}

/** A workgroup for each group of channels where workgroups reduce, else an invocation. */
function secondPassGrid(split: RowSplit, target: Target) {
  return gridFor(target.profile === "gpu" ? split.groups : Math.ceil(split.groups / WORKGROUP));
}
