/**
 * Lowerings of the latent kernels: draws from diagonal normals, their KL divergences, the MMVM regulariser and the
 * density of a mixture.
 *
 * Shapes: `rows` or `samples` N, `width` latent dimensions D, `views` M; posteriors of all views are [M, N, D]. Every
 * kernel makes one pass over its inputs, forward and backward, in log space; see shaders/latent/latent_math.wgsl for
 * what happens where float32 ends.
 *
 * @module
 */
import itemsText from "../../../shaders/latent/latent_items.wgsl" with { type: "text" };
import klText from "../../../shaders/latent/latent_kl.wgsl" with { type: "text" };
import klPairText from "../../../shaders/latent/latent_kl_pair.wgsl" with { type: "text" };
import mathText from "../../../shaders/latent/latent_math.wgsl" with { type: "text" };
import mixtureText from "../../../shaders/latent/latent_mixture.wgsl" with { type: "text" };
import mmvmText from "../../../shaders/latent/latent_mmvm.wgsl" with { type: "text" };
import rowsText from "../../../shaders/latent/latent_rows.wgsl" with { type: "text" };
import { DEFAULT_LANES } from "../declarations.ts";
import {
  f32,
  gridFor,
  type Lowering,
  type Operands,
  reads,
  type Target,
  type Uniforms,
  updates,
  writes,
} from "../kernel.ts";
import type { KernelValues } from "../expand.ts";

/** Invocations a workgroup of a software kernel that gives every row to one invocation: there are few rows. */
const ROW_LANES = 8;

/**
 * Loop iterations that one invocation may do in all. Lavapipe ends every loop of an invocation once they have made
 * 65,535 iterations together, silently; a wide row is then shared by the lanes of a workgroup, as on a GPU.
 */
const MOST_ITERATIONS = 16_384;

interface LatentKernel {
  readonly kernel: string;
  readonly code: readonly string[];
  readonly values?: KernelValues;
  readonly operands: Operands;
  readonly target: Target;
  readonly rows: number;
  readonly width: number;
  /** The most terms that one sum of the kernel adds up. */
  readonly terms: number;
  /** Loop iterations a row, for a kernel that sums over rows. */
  readonly iterations?: number;
  /** Uniforms after rows, width and the caps. */
  readonly uniforms?: Uniforms;
  readonly flops: number;
}

/** A kernel with an invocation an element of [rows, width]. */
function itemKernel(spec: LatentKernel): Lowering {
  return lower({ ...spec, code: [itemsText, mathText, ...spec.code] }, {
    lanes: DEFAULT_LANES,
    workgroups: Math.ceil((spec.rows * spec.width) / DEFAULT_LANES),
  });
}

/**
 * A kernel that sums over the latent axis: a workgroup a row, or an invocation a row where workgroup memory is slow.
 */
function rowKernel(spec: LatentKernel): Lowering {
  const shared = spec.target.profile === "gpu" || (spec.iterations ?? spec.width) > MOST_ITERATIONS;
  const kernel = `${spec.kernel}/${shared ? "shared" : "rows"}`;
  return lower({ ...spec, values: { ...spec.values, SHARED: shared }, kernel }, {
    lanes: shared ? DEFAULT_LANES : ROW_LANES,
    workgroups: shared ? spec.rows : Math.ceil(spec.rows / ROW_LANES),
  });
}

function lower(spec: LatentKernel, grid: { lanes: number; workgroups: number }): Lowering {
  return {
    dispatches: [{
      kernel: spec.kernel,
      code: spec.code.join("\n"),
      values: spec.values ?? {},
      lanes: grid.lanes,
      uniforms: { rows: spec.rows, width: spec.width, ...caps(spec.terms), ...spec.uniforms },
      operands: spec.operands,
      grid: gridFor(grid.workgroups),
      flops: spec.flops,
    }],
  };
}

/** The largest value of a term, so that as many terms add up to a finite float32; its logarithm and its root. */
function caps(terms: number): Uniforms {
  const cap = 3e38 / terms;
  return { cap: f32(cap), log_cap: f32(Math.log(cap)), root_cap: f32(Math.sqrt(cap)) };
}

/** Operands that a kernel reads: the op's inputs in order. Names that are false are left out. */
export function inputs(names: readonly (string | false)[]): Operands {
  return Object.fromEntries(named(names).map((name, input) => [name, reads({ input }, "f32")]));
}

/** Operands that a kernel writes: the op's outputs in order. */
export function outputs(names: readonly (string | false)[]): Operands {
  return Object.fromEntries(named(names).map((name, output) => [name, writes({ output }, "f32")]));
}

function named(names: readonly (string | false)[]): string[] {
  return names.filter((name) => name !== false);
}

/** Sizes of a kernel over rows of latent vectors. */
export interface RowsOptions {
  readonly rows: number;
  readonly width: number;
  readonly target: Target;
  /** Whether a mask [rows] follows the other inputs. */
  readonly masked?: boolean;
}

/**
 * KL(N(mu, e^logvar) || N(0, I)) a row, with a draw z = mu + e^(logvar/2) eps if `sample` is set.
 *
 * Inputs mu, logvar, [eps], [mask]; outputs [z], kl.
 */
export function lowerKl(options: RowsOptions & { sample: boolean }): Lowering {
  const { rows, width, target, masked = false, sample } = options;
  return rowKernel({
    kernel: sample ? "latent_reparameterize_kl" : "latent_kl",
    code: [rowsText, mathText, klText],
    values: { SAMPLE: sample, MASKED: masked, BACKWARD: false },
    operands: {
      ...inputs(["mu", "logvar", sample && "eps", masked && "mask"]),
      ...outputs([sample && "z", "kl"]),
    },
    target,
    rows,
    width,
    terms: width,
    flops: rows * width * (sample ? 16 : 12),
  });
}

/**
 * Gradients of {@link lowerKl}.
 *
 * Inputs mu, logvar, [eps], [mask], [gradient of z], gradient of kl; outputs the gradients of mu and logvar.
 */
export function lowerKlBackward(options: RowsOptions & { sample: boolean }): Lowering {
  const { rows, width, target, masked = false, sample } = options;
  return itemKernel({
    kernel: sample ? "latent_reparameterize_kl_backward" : "latent_kl_backward",
    code: [klText],
    values: { SAMPLE: sample, MASKED: masked, BACKWARD: true },
    operands: {
      ...inputs(["mu", "logvar", sample && "eps", masked && "mask", sample && "z_gradient", "kl_gradient"]),
      ...outputs(["mu_gradient", "logvar_gradient"]),
    },
    target,
    rows,
    width,
    terms: 2,
    flops: rows * width * 20,
  });
}

/** KL(N(mu0, e^logvar0) || N(mu1, e^logvar1)) a row. Inputs mu0, logvar0, mu1, logvar1; output kl. */
export function lowerKlPair(options: Omit<RowsOptions, "masked">): Lowering {
  const { rows, width, target } = options;
  return rowKernel({
    kernel: "latent_kl_pair",
    code: [rowsText, mathText, klPairText],
    values: { BACKWARD: false },
    operands: { ...inputs(["mu0", "logvar0", "mu1", "logvar1"]), ...outputs(["kl"]) },
    target,
    rows,
    width,
    terms: width,
    flops: rows * width * 16,
  });
}

/**
 * Gradients of {@link lowerKlPair}. Inputs mu0, logvar0, mu1, logvar1, gradient of kl; outputs the gradients of mu0,
 * logvar0 and logvar1 (that of mu1 is minus that of mu0).
 */
export function lowerKlPairBackward(options: Omit<RowsOptions, "masked">): Lowering {
  const { rows, width, target } = options;
  return itemKernel({
    kernel: "latent_kl_pair_backward",
    code: [klPairText],
    values: { BACKWARD: true },
    operands: {
      ...inputs(["mu0", "logvar0", "mu1", "logvar1", "kl_gradient"]),
      ...outputs(["mu0_gradient", "logvar0_gradient", "logvar1_gradient"]),
    },
    target,
    rows,
    width,
    terms: 2,
    flops: rows * width * 24,
  });
}

/** Sizes of a kernel over the posteriors of several views. */
export interface ViewsOptions {
  readonly views: number;
  readonly samples: number;
  readonly width: number;
  readonly target: Target;
  /** Whether there is a mask [views, samples] among the inputs. */
  readonly masked?: boolean;
}

/** The MMVM regulariser a sample. Inputs mu, logvar [M, N, D], alpha [1], [mask]; output kl [N]. */
export function lowerMmvmKl(options: ViewsOptions): Lowering {
  const { views, samples, width, target, masked = false } = options;
  return rowKernel({
    kernel: "latent_mmvm",
    code: [rowsText, mathText, mmvmText],
    values: { MASKED: masked, BACKWARD: false },
    operands: { ...inputs(["mu", "logvar", "alpha", masked && "mask"]), ...outputs(["kl"]) },
    target,
    rows: samples,
    width,
    terms: width * views * views,
    iterations: width * views * (views + 2),
    uniforms: { views },
    flops: samples * width * views * views * 24,
  });
}

/**
 * Gradients of {@link lowerMmvmKl}. Inputs mu, logvar, alpha, [mask], gradient of kl; outputs the gradients of mu and
 * logvar.
 */
export function lowerMmvmKlBackward(options: ViewsOptions): Lowering {
  const { views, samples, width, target, masked = false } = options;
  return itemKernel({
    kernel: "latent_mmvm_backward",
    code: [mmvmText],
    values: { MASKED: masked, BACKWARD: true },
    operands: {
      ...inputs(["mu", "logvar", "alpha", masked && "mask", "kl_gradient"]),
      ...outputs(["mu_gradient", "logvar_gradient"]),
    },
    target,
    rows: samples,
    width,
    terms: 2 * views,
    uniforms: { views },
    flops: samples * width * views * views * 40,
  });
}

/**
 * Log density of every view's draw under the mixture of all views' posteriors.
 *
 * Inputs z, mu, logvar [M, N, D], [mask]; outputs logq [M, N] and the components' weights [M, M, N], which the backward
 * pass needs.
 *
 * @param options.ratio Give the log ratio of each view's own posterior to the mixture instead, with weights for the
 * same backward pass.
 */
export function lowerMixture(options: ViewsOptions & { ratio?: boolean }): Lowering {
  const { views, samples, width, target, masked = false, ratio = false } = options;
  return rowKernel({
    kernel: ratio ? "latent_mixture_ratio" : "latent_mixture",
    code: [mathText, mixtureText],
    values: { MASKED: masked, BACKWARD: false, RATIO: ratio },
    operands: {
      ...inputs(["z", "mu", "logvar", masked && "mask"]),
      logq: writes({ output: 0 }, "f32"),
      weights: updates({ output: 1 }, "f32"),
    },
    target,
    rows: views * samples,
    width,
    terms: ratio ? 4 * width : width,
    iterations: width * views,
    uniforms: { views, samples },
    flops: views * views * samples * width * 10,
  });
}

/**
 * Gradients of {@link lowerMixture}. Inputs z, mu, logvar, weights, gradient of logq; outputs the gradients of z, mu
 * and logvar.
 */
export function lowerMixtureBackward(options: Omit<ViewsOptions, "masked">): Lowering {
  const { views, samples, width, target } = options;
  return itemKernel({
    kernel: "latent_mixture_backward",
    code: [mixtureText],
    values: { BACKWARD: true },
    operands: {
      ...inputs(["z", "mu", "logvar", "weights", "logq_gradient"]),
      ...outputs(["z_gradient", "mu_gradient", "logvar_gradient"]),
    },
    target,
    rows: samples,
    width,
    terms: 2 * views,
    uniforms: { views, samples },
    flops: views * views * samples * width * 30,
  });
}
