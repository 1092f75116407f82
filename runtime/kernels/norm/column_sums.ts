/**
 * Sums over the rows of each channel that batch norm begins with, computed by the kernel that makes the feature map
 * while its results are still in registers, instead of by a pass over memory.
 *
 * A kernel that can do so gives one partial result for each of its tiles, in a slab [3, shares, channels]:
 *
 * - `moments` of a value: means, sums of squared deviations from them, numbers of rows;
 * - `gradient` of dy and of dy (x - mean): sums of dy, their compensations, sums of the products; see
 *   `shaders/norm/norm_gradient_sums.wgsl`.
 *
 * The second passes of `norm.ts` combine them in a fixed order.
 *
 * @module
 */
import sumsCode from "../../../shaders/norm/norm_tile_sums.wgsl" with { type: "text" };
import compensatedCode from "../../../shaders/shared/compensated.wgsl" with { type: "text" };
import type { KernelValues } from "../expand.ts";
import { type Operands, reads, writes } from "../operands.ts";
import { sumTypes } from "../sums.ts";
import type { Uniforms } from "../uniforms.ts";

/** What an op sums up of one of its inputs, [..., C]. */
export interface ColumnSums {
  /** Sums for batch norm's mean and variance, or for its gradient. */
  readonly kind: "moments" | "gradient";
  /** For gradients of max(y, 0): dy counts only where y = x * scale + shift is positive. */
  readonly relu: boolean;
}

/** The inputs of an op that its column sums need, by position. */
export interface ColumnSumsInputs {
  /** The feature map that is summed over. */
  readonly of: number;
  /** x, moments and, with `relu`, scale and shift, for a gradient; none for moments. */
  readonly others: readonly number[];
}

/** Column sums that a kernel is asked for. */
export interface ColumnSumsRequest extends ColumnSums {
  /** Which of the kernel's results is summed over. */
  readonly output: number;
  /** The kernel's input that is the first of {@link ColumnSumsInputs.others}; the rest follow. */
  readonly firstInput: number;
  /** The kernel's output that the partial results go to. */
  readonly to: number;
  /** True if nothing needs the only result but the sums: a kernel that computes them does not store it. */
  readonly only: boolean;
}

/** Partial results that a kernel has left: their number. */
export interface ColumnPartials {
  /** Number of partial results for each column. */
  readonly shares: number;
}

/** What column sums add to a kernel on tiles (`shaders/matmul/matmul_tile.wgsl`). */
export function columnSumsParts(
  request: ColumnSumsRequest | undefined,
  shares: number,
): { code: string[]; values: KernelValues; uniforms: Uniforms; operands: Operands } {
  if (!request) return { code: [], values: { SUMS: false }, uniforms: {}, operands: {} };
  const { kind, relu, firstInput, to } = request;
  const isGradient = kind === "gradient";
  const input = (i: number) => reads({ input: firstInput + i }, "vec4f");
  return {
    code: isGradient ? [sumsCode, compensatedCode] : [sumsCode],
    values: { SUMS: true, MOMENTS: !isGradient, RELU: relu, ...(isGradient ? sumTypes(4) : {}) },
    uniforms: { sum_shares: shares, ...(isGradient ? { zero: 0 } : {}) },
    operands: {
      ...(isGradient ? { sum_x: input(0), sum_moments: input(1) } : {}),
      ...(isGradient && relu ? { sum_scale: input(2), sum_shift: input(3) } : {}),
      sums: writes({ output: to }, "vec4f"),
    },
  };
}
