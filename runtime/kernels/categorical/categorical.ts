/**
 * Lowerings of the categorical likelihood of token sequences, its gradient and its mode.
 *
 * Shapes: `samples` N, `positions` L, `words` V; logits [N, L, V], and N L rows. Nothing of the size of the logits is
 * made but their gradient.
 *
 * @module
 */
import gradientCode from "../../../shaders/categorical/categorical_gradient.wgsl" with { type: "text" };
import modeCode from "../../../shaders/categorical/categorical_mode.wgsl" with { type: "text" };
import nllCode from "../../../shaders/categorical/categorical_nll.wgsl" with { type: "text" };
import { DEFAULT_LANES } from "../declarations.ts";
import { f32, floats, gridFor, type Lowering, reads, type Target, writes } from "../kernel.ts";

/** Sizes of token sequences and their logits. */
export interface Sequences {
  readonly samples: number;
  readonly positions: number;
  readonly words: number;
}

/** Invocations of a workgroup where each has a row of its own. */
const ROW_LANES = 8;
/** Loop iterations that one invocation may do in all; see `kernel.ts`. */
const MOST_ITERATIONS = 16_384;

/**
 * Inputs logits [N, L, V], tokens u32 [N, L], lengths u32 [N]; outputs the negative log-likelihoods [N, L], zero from
 * a sample's length on and NaN for a token that is not below V, and the log-sum-exps [N, L].
 */
export function lowerCategoricalNll({ samples, positions, words, target }: Sequences & { target: Target }): Lowering {
  const width = words % 4 === 0 ? 4 : 1;
  const [rows, groups] = [samples * positions, words / width];
  const shared = target.profile === "gpu" || groups > MOST_ITERATIONS;
  const lanes = shared ? DEFAULT_LANES : ROW_LANES;
  return {
    dispatches: [{
      kernel: `categorical_nll/${shared ? "shared" : "rows"}-x${width}`,
      code: nllCode,
      values: { VECTOR: width === 4, SHARED: shared },
      lanes,
      uniforms: { rows, groups, positions, words, nan: f32(NaN) },
      operands: {
        logits: reads({ input: 0 }, floats(width)),
        tokens: reads({ input: 1 }, "u32"),
        lengths: reads({ input: 2 }, "u32"),
        nll: writes({ output: 0 }, "f32"),
        normalizers: writes({ output: 1 }, "f32"),
      },
      grid: gridFor(shared ? rows : Math.ceil(rows / lanes)),
      flops: 4 * rows * words,
    }],
  };
}

/**
 * Inputs logits [N, L, V], tokens u32 [N, L], lengths u32 [N], the log-sum-exps [N, L] and the gradient [N, L] of the
 * negative log-likelihoods; output the gradient of the logits.
 */
export function lowerCategoricalGradient({ samples, positions, words }: Sequences): Lowering {
  const width = words % 4 === 0 ? 4 : 1;
  const [rows, groups] = [samples * positions, words / width];
  return {
    dispatches: [{
      kernel: `categorical_gradient/x${width}`,
      code: gradientCode,
      values: { Value: floats(width), VECTOR: width === 4 },
      uniforms: { rows, groups, positions },
      operands: {
        logits: reads({ input: 0 }, floats(width)),
        tokens: reads({ input: 1 }, "u32"),
        lengths: reads({ input: 2 }, "u32"),
        normalizers: reads({ input: 3 }, "f32"),
        g: reads({ input: 4 }, "f32"),
        gradient: writes({ output: 0 }, floats(width)),
      },
      grid: gridFor(Math.ceil(rows * groups / DEFAULT_LANES)),
      flops: 4 * rows * words,
    }],
  };
}

/** Input logits [rows, V]; output the number of the first largest one of each row, as a float [rows]. */
export function lowerCategoricalMode({ rows, words }: { rows: number; words: number }): Lowering {
  return {
    dispatches: [{
      kernel: "categorical_mode",
      code: modeCode,
      uniforms: { rows, words },
      operands: { logits: reads({ input: 0 }, "f32"), mode: writes({ output: 0 }, "f32") },
      grid: gridFor(rows),
    }],
  };
}
