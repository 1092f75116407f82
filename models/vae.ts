/**
 * A multimodal VAE: an encoder and a decoder a view, and a method that ties their latents together.
 *
 *     loss = mean over the batch of [ sum_m w_m * -log p(x_m | z_m) ] + beta * divergence
 *
 * @module
 */
import { add, input, mean, mul, reshape, slice, stack, type Tensor } from "../runtime/mod.ts";
import { type Likelihood, negativeLogLikelihood } from "./likelihoods.ts";
import type { Method } from "./method.ts";
import { methodOf } from "./methods/registry.ts";
import type { Network, Posterior } from "./network.ts";
import { networkOf } from "./networks/registry.ts";
import type { Scope } from "./scope.ts";

/** Everything that determines a model, as kept in config.json. */
export interface VaeConfig {
  readonly method: string;
  readonly views: readonly string[];
  readonly network: string;
  /** Side of the square images in pixels. */
  readonly imageSize: number;
  readonly filterDim: number;
  readonly latentDim: number;
  /** Rate of dropout2d in the residual blocks. */
  readonly dropout: number;
  readonly likelihood: Likelihood;
}

/** What one batch of a model gives in training. */
export interface VaeTerms {
  readonly loss: Tensor;
  /** Mean negative log-likelihood a sample, summed over views. */
  readonly reconstruction: Tensor;
  /** Mean divergence a sample, before beta. */
  readonly kl: Tensor;
}

/** Inputs of a training step. */
export interface VaeInputs {
  /** A view each, [N, S, S, 1] in [0, 1]. */
  readonly images: readonly Tensor[];
  /** Standard normal, [M, N, D]. */
  readonly noise: Tensor;
  readonly alpha: Tensor;
  readonly beta: Tensor;
  /** [M, N], see `LatentContext`. */
  readonly present?: Tensor;
}

/** A model: functions over a scope with its parameters. */
export class Vae {
  readonly method: Method;
  readonly #network: Network;

  /** @throws {RangeError} for an unknown method or network, or sizes that the network does not take. */
  constructor(readonly config: VaeConfig) {
    this.method = methodOf(config.method);
    this.#network = networkOf(config.network, config);
  }

  /** The number of views. */
  get views(): number {
    return this.config.views.length;
  }

  /** Posteriors of all views, stacked: [M, N, D]. */
  encode(scope: Scope, images: readonly Tensor[]): Posterior {
    const each = images.map((image, m) => {
      const at = scope.child(`encoders.${m}`);
      return this.#network.posterior(at, this.#network.extract(at, image));
    });
    return {
      mu: stack(each.map(({ mu }) => mu), 0),
      logvar: stack(each.map(({ logvar }) => logvar), 0),
    };
  }

  /** Each view's likelihood mean [N, S, S, 1] from latents [M, N, D], or [1, N, D] for one that all views share. */
  decode(scope: Scope, z: Tensor): Tensor[] {
    return this.config.views.map((_, m) => {
      const latent = viewOf(z, z.shape[0] === 1 ? 0 : m);
      return this.#network.decode(scope.child(`decoders.${m}`), latent);
    });
  }

  /** The training objective of a batch. */
  terms(scope: Scope, inputs: VaeInputs): VaeTerms {
    const { images, noise, alpha, beta, present } = inputs;
    const posterior = this.encode(scope, images);
    const { z, kl } = this.method.latents({ posterior, noise, alpha, ...(present ? { present } : {}) });
    const divergence = mean(kl);
    const losses = this.decode(scope, z).map((output, m) => {
      const nll = negativeLogLikelihood(output, images[m]!, this.config.likelihood);
      return mean(present ? mul(nll, viewOf(present, m)) : nll);
    });
    const reconstruction = losses.reduce(add);
    return { loss: add(reconstruction, mul(beta, divergence)), reconstruction, kl: divergence };
  }

  /** Asks a declaring scope for every parameter. */
  declare(scope: Scope): void {
    const { imageSize, latentDim } = this.config;
    const images = this.config.views.map((name) => input(name, { shape: [1, imageSize, imageSize, 1] }));
    const { mu } = this.encode(scope, images);
    this.decode(scope, reshape(mu, [this.views, 1, latentDim]));
  }
}

function viewOf(stacked: Tensor, m: number): Tensor {
  const [, ...rest] = stacked.shape;
  const starts = stacked.shape.map((_, axis) => (axis === 0 ? m : 0));
  return reshape(slice(stacked, { starts, sizes: [1, ...rest] }), rest);
}
