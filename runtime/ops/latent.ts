/**
 * Diagonal normal posteriors: sampling, KL divergences, the MMVM regulariser and the density of their mixture. Each
 * is one kernel forward and one backward, in log space.
 *
 * A posterior is mu and logvar, the logarithm of the variance, with the latent dimensions on the last axis;
 * posteriors of all views are stacked, [views, samples, dimensions]. A `mask` is 1 where a view is present and 0
 * where it is missing. The contents of a missing view (even NaN) have no influence and a gradient of zero. A sample
 * without any view gives zeros.
 *
 * For log variances in [-80, 80] and any finite means nothing overflows: variance ratios and squared distances are
 * capped so that their sum over a row is finite.
 *
 * @module
 */
import {
  lowerKl,
  lowerKlBackward,
  lowerKlPair,
  lowerKlPairBackward,
  lowerMixture,
  lowerMixtureBackward,
  lowerMmvmKl,
  lowerMmvmKlBackward,
} from "../kernels/latent/latent.ts";
import { apply, defineOp, requireFloat } from "../graph/op.ts";
import type { Op, Tensor } from "../graph/tensor.ts";
import { formatShape, sameShape, type Shape, sizeOf, type TensorSpec } from "../graph/shape.ts";
import { add, exp, mul, neg } from "./pointwise.ts";
import { zeros } from "./fill.ts";

/** Mean and log variance of diagonal normals, the latent dimensions on the last axis. */
export interface DiagonalNormal {
  /** Mean, [..., D]. */
  readonly mu: Tensor;
  /** Natural logarithm of the variance, [..., D]. */
  readonly logvar: Tensor;
}

/** The sizes of posteriors [views, samples, dimensions], for the kernels. */
export function viewsOf(spec: TensorSpec): { views: number; samples: number; width: number } {
  const [views = 1, samples = 1, width = 1] = spec.shape;
  return { views, samples, width };
}

/** @throws {TypeError | RangeError} unless all of `specs` are f32 and have the first one's shape. */
function requireSameShapes(op: string, specs: readonly TensorSpec[]): void {
  requireFloat(op, specs);
  const [first] = specs;
  for (const { shape } of specs) {
    if (first && (!sameShape(shape, first.shape) || shape.length === 0)) {
      throw new RangeError(
        `${op}() needs mu, logvar and what goes with them in one shape [..., dimensions], got ${
          formatShape(first.shape)
        } and ${formatShape(shape)}`,
      );
    }
  }
}

/**
 * @throws {TypeError | RangeError} unless the posteriors are [views, samples, dimensions] and the mask, if any,
 * [views, samples].
 */
export function requireViews(
  op: string,
  options: { stacked: readonly TensorSpec[]; mask: TensorSpec | undefined },
): void {
  const { stacked, mask } = options;
  requireSameShapes(op, stacked);
  const shape = stacked[0]?.shape ?? [];
  if (shape.length !== 3) {
    throw new RangeError(`${op}() needs posteriors of shape [views, samples, dimensions], got ${formatShape(shape)}`);
  }
  requireMask(op, { mask, shape: shape.slice(0, 2) });
}

function requireMask(op: string, { mask, shape }: { mask: TensorSpec | undefined; shape: Shape }): void {
  if (!mask) return;
  requireFloat(op, [mask]);
  if (!sameShape(mask.shape, shape)) {
    throw new RangeError(`${op}() needs a mask of shape ${formatShape(shape)}, got ${formatShape(mask.shape)}`);
  }
}

function rowsOf(spec: TensorSpec): { rows: number; width: number } {
  const width = spec.shape.at(-1) ?? 1;
  return { rows: sizeOf(spec.shape) / width, width };
}

const like = (spec: TensorSpec): TensorSpec => ({ shape: spec.shape, dtype: "f32" });

interface KlAttributes {
  readonly sample: boolean;
  readonly masked: boolean;
}

/** Inputs mu, logvar, [eps], [mask]; outputs [z], kl. */
const klOp: Op<KlAttributes> = defineOp({
  name: "kl_standard_normal",
  infer(inputs, { sample, masked }) {
    const name = sample ? "reparameterizeKl" : "klStandardNormal";
    const vectors = inputs.slice(0, sample ? 3 : 2);
    requireSameShapes(name, vectors);
    const kl = inputs[0]!.shape.slice(0, -1);
    requireMask(name, { mask: masked ? inputs.at(-1) : undefined, shape: kl });
    return [...(sample ? [like(inputs[0]!)] : []), { shape: kl, dtype: "f32" }];
  },
  lower: ({ inputs: [mu], attributes, target }) => lowerKl({ ...rowsOf(mu!), ...attributes, target }),
  vjp({ inputs, outputs, cotangents, attributes }) {
    // A cotangent for each output; one that the loss does not depend on is zero.
    const given = outputs.map((output, i) => cotangents[i] ?? zeros(output.shape));
    return apply(klGradientOp, [...inputs, ...given], attributes);
  },
});

const klGradientOp: Op<KlAttributes> = defineOp({
  name: "kl_standard_normal_gradient",
  infer: ([mu]) => [like(mu!), like(mu!)],
  lower: ({ inputs: [mu], attributes, target }) => lowerKlBackward({ ...rowsOf(mu!), ...attributes, target }),
});

/**
 * Draws z = mu + e^(logvar/2) eps from N(mu, e^logvar) (Kingma and Welling 2014); pointwise, so that it fuses with
 * its neighbours.
 *
 * @param options.eps Standard normal noise of mu's shape.
 */
export function reparameterize(mu: Tensor, logvar: Tensor, options: { eps: Tensor }): Tensor {
  requireSameShapes("reparameterize", [mu, logvar, options.eps]);
  return add(mu, mul(exp(mul(logvar, 0.5)), options.eps));
}

/**
 * {@link reparameterize} and {@link klStandardNormal} in one pass.
 *
 * @param mu [..., dimensions], as logvar and eps.
 * @param options.mask [...]; rows with 0 give zeros.
 * @returns z of mu's shape, and kl [...].
 */
export function reparameterizeKl(
  mu: Tensor,
  logvar: Tensor,
  options: { eps: Tensor; mask?: Tensor },
): { z: Tensor; kl: Tensor } {
  const { eps, mask } = options;
  const inputs = [mu, logvar, eps, ...(mask ? [mask] : [])];
  const [z, kl] = apply(klOp, inputs, { sample: true, masked: mask !== undefined });
  return { z: z!, kl: kl! };
}

/**
 * KL(N(mu, e^logvar) || N(0, I)) = 1/2 sum of (mu^2 + e^logvar - 1 - logvar); accurate near zero as well, and never
 * negative.
 *
 * @param mu [..., dimensions], as logvar.
 * @param options.mask [...]; rows with 0 give zero.
 * @returns [...]
 */
export function klStandardNormal(mu: Tensor, logvar: Tensor, options: { mask?: Tensor } = {}): Tensor {
  const { mask } = options;
  return apply(klOp, [mu, logvar, ...(mask ? [mask] : [])], { sample: false, masked: mask !== undefined })[0]!;
}

type None = Record<string, never>;

const klPairOp: Op<None> = defineOp({
  name: "kl_diagonal_normals",
  infer(inputs) {
    requireSameShapes("klDiagonalNormals", inputs);
    return [{ shape: inputs[0]!.shape.slice(0, -1), dtype: "f32" }];
  },
  lower: ({ inputs: [mu], target }) => lowerKlPair({ ...rowsOf(mu!), target }),
  vjp({ inputs, cotangents: [g] }) {
    const [mu0, logvar0, logvar1] = apply(klPairGradientOp, [...inputs, g!], {});
    return [mu0, logvar0, neg(mu0!), logvar1];
  },
});

const klPairGradientOp: Op<None> = defineOp({
  name: "kl_diagonal_normals_gradient",
  infer: ([mu]) => [like(mu!), like(mu!), like(mu!)],
  lower: ({ inputs: [mu], target }) => lowerKlPairBackward({ ...rowsOf(mu!), target }),
});

/**
 * KL(q || p) of diagonal normals, summed over the last axis; gradients flow to both.
 *
 * @returns mu's shape without its last axis.
 */
export function klDiagonalNormals(q: DiagonalNormal, p: DiagonalNormal): Tensor {
  return apply(klPairOp, [q.mu, q.logvar, p.mu, p.logvar], {})[0]!;
}

interface Masked {
  readonly masked: boolean;
}

/** Inputs mu, logvar, alpha, [mask]; output kl. */
const mmvmKlOp: Op<Masked> = defineOp({
  name: "mmvm_kl",
  infer([mu, logvar, alpha, mask]) {
    requireViews("mmvmKl", { stacked: [mu!, logvar!], mask });
    requireFloat("mmvmKl", [alpha!]);
    if (sizeOf(alpha!.shape) !== 1) {
      throw new RangeError(`mmvmKl() needs alpha as one number, got shape ${formatShape(alpha!.shape)}`);
    }
    return [{ shape: [mu!.shape[1] ?? 1], dtype: "f32" }];
  },
  lower: ({ inputs: [mu], attributes, target }) => lowerMmvmKl({ ...viewsOf(mu!), ...attributes, target }),
  vjp: ({ inputs, cotangents: [g], attributes }) => apply(mmvmKlGradientOp, [...inputs, g!], attributes),
});

const mmvmKlGradientOp: Op<Masked> = defineOp({
  name: "mmvm_kl_gradient",
  infer: ([mu]) => [like(mu!), like(mu!)],
  lower: ({ inputs: [mu], attributes, target }) => lowerMmvmKlBackward({ ...viewsOf(mu!), ...attributes, target }),
});

/**
 * The regulariser of the MMVM VAE (Sutter et al. 2024), the pairwise upper bound, for each sample:
 *
 *     sum over m of [ alpha KL(q_m || N(0, I)) + (1 - alpha)/M sum over m' of KL(q_m || q_m') ]
 *
 * with gradients through both arguments of every pair, but none to alpha. With a mask, M is the number of views
 * present.
 *
 * @param mu [views, samples, dimensions], as logvar.
 * @param options.alpha One number, which may change at every step.
 * @param options.mask [views, samples].
 * @returns [samples]
 */
export function mmvmKl(mu: Tensor, logvar: Tensor, options: { alpha: Tensor; mask?: Tensor }): Tensor {
  const { alpha, mask } = options;
  return apply(mmvmKlOp, [mu, logvar, alpha, ...(mask ? [mask] : [])], { masked: mask !== undefined })[0]!;
}

interface MixtureAttributes extends Masked {
  readonly ratio: boolean;
}

/** Inputs z, mu, logvar, [mask]; outputs logq and the weights that the gradient needs. */
const mixtureOp: Op<MixtureAttributes> = defineOp({
  name: "log_mixture_density",
  infer([z, mu, logvar, mask], { ratio }) {
    requireViews(ratio ? "logMixtureRatio" : "logMixtureDensity", { stacked: [z!, mu!, logvar!], mask });
    const { views, samples } = viewsOf(z!);
    return [{ shape: [views, samples], dtype: "f32" }, { shape: [views, views, samples], dtype: "f32" }];
  },
  lower: ({ inputs: [z], attributes, target }) => lowerMixture({ ...viewsOf(z!), ...attributes, target }),
  vjp({ inputs: [z, mu, logvar], outputs: [, weights], cotangents: [g] }) {
    return g ? apply(mixtureGradientOp, [z!, mu!, logvar!, weights!, g], {}) : [];
  },
});

const mixtureGradientOp: Op<None> = defineOp({
  name: "log_mixture_density_gradient",
  infer: ([z]) => [like(z!), like(z!), like(z!)],
  lower: ({ inputs: [z], target }) => lowerMixtureBackward({ ...viewsOf(z!), target }),
});

/**
 * log (1/M sum over k of N(z_m; mu_k, e^logvar_k)) for every view m and sample: the mixture prior of the MMVM VAE as
 * the papers write it. With a mask the mixture is over the views that are present; the others' own densities are
 * zeros.
 *
 * @param z Draws, [views, samples, dimensions], as the components' mu and logvar.
 * @param options.mask [views, samples].
 * @returns [views, samples]; gradients flow to z, mu and logvar.
 */
export function logMixtureDensity(z: Tensor, components: DiagonalNormal, options: { mask?: Tensor } = {}): Tensor {
  const { mask } = options;
  const inputs = [z, components.mu, components.logvar, ...(mask ? [mask] : [])];
  return apply(mixtureOp, inputs, { masked: mask !== undefined, ratio: false })[0]!;
}

/**
 * log q_m(z_m) - log (1/M sum over k of q_k(z_m)) for every view m and sample, with q_m = N(mu_m, e^logvar_m): the
 * log ratio of the posterior's density to the mixture's. For similar posteriors it is far more accurate than the
 * difference of two log densities.
 *
 * @param z Draws, [views, samples, dimensions], as the posteriors' mu and logvar.
 * @param options.mask [views, samples]; the mixture is over the views that are present, and the others give zeros.
 * @returns [views, samples]; gradients flow to z, mu and logvar.
 */
export function logMixtureRatio(z: Tensor, posteriors: DiagonalNormal, options: { mask?: Tensor } = {}): Tensor {
  const { mask } = options;
  const inputs = [z, posteriors.mu, posteriors.logvar, ...(mask ? [mask] : [])];
  return apply(mixtureOp, inputs, { masked: mask !== undefined, ratio: true })[0]!;
}
