/**
 * A multimodal VAE: one encoder and one decoder per view, and a method that couples their latents.
 *
 *     loss = mean over the batch of [ sum_m w_m * -log p(x_m | z_m) ] + beta * divergence
 *
 * If views may be missing, the first sum is over the views that a sample has. A method may decode all views from
 * several latents, such as those of single views, and weigh each decoding; their sums are then added.
 *
 * @module
 */
import {
  add,
  concat,
  input,
  mean,
  mul,
  randomNormal,
  reshape,
  type Shape,
  slice,
  stack,
  type Tensor,
  where,
} from "../../runtime/mod.ts";
import { isMixture } from "../methods/component_draw.ts";
import { type Likelihood, negativeLogLikelihood } from "../layers/likelihoods.ts";
import type { AggregateContext, Decoding, Method } from "../methods/method.ts";
import { privateDimOf, withPrivateLatents } from "../methods/private_latents.ts";
import { methodOf } from "../methods/registry.ts";
import type { Network, Posterior } from "../networks/network.ts";
import { viewNetworks } from "../networks/registry.ts";
import { type Objective, PUBLISHED_OBJECTIVE } from "../methods/objective.ts";
import type { Scope } from "../layers/scope.ts";
import { isText, textNumbers, type TextViews, type ViewTensors, viewTensors } from "../view_inputs.ts";
import { viewOf } from "../view_of.ts";

/** Everything that determines a model, as in config.json; the objective is as published unless given. */
export interface VaeConfig extends Partial<Objective> {
  /** One of {@linkcode METHOD_NAMES}. */
  readonly method: string;
  /** Names of the views, in the order of their encoders. */
  readonly views: readonly string[];
  /** The views that are texts, with their sizes; the others are images. */
  readonly texts?: TextViews | undefined;
  /** Name of the encoder and decoder architecture of images, see {@linkcode networkNames}. */
  readonly network: string;
  /** Side of the square images in pixels. */
  readonly imageSize: number;
  /** Filters of the first layer. */
  readonly filterDim: number;
  /** Latent dimensions, private ones included. */
  readonly latentDim: number;
  /**
   * How many of the last latent dimensions are private to their view; by default half of them (rounded down) for
   * methods that are defined by private latents, and none for others.
   */
  readonly privateDim?: number;
  /** Rate of dropout2d in the residual blocks. */
  readonly dropout: number;
  /** Likelihood of the pixels. */
  readonly likelihood: Likelihood;
  /** Weight of each view's reconstruction in the loss, 1 each by default. */
  readonly viewWeights?: readonly number[];
}

/** The terms of the training objective. */
export interface VaeTerms {
  /** The training loss, a scalar. */
  readonly loss: Tensor;
  /** Mean negative log-likelihood per sample, summed over views with their weights. */
  readonly reconstruction: Tensor;
  /** Mean KL divergence per sample, before beta. */
  readonly kl: Tensor;
  /**
   * Mean negative log-likelihood of each view, without the view's weight; summed over the method's decodings, with
   * their weights, if it has several.
   */
  readonly views: readonly Tensor[];
  /** The views' posteriors, [M, N, D]. */
  readonly posterior: Posterior;
}

/** Inputs of a training step. */
export interface VaeInputs extends Omit<AggregateContext, "privateDim"> {
  /** One per view: an image [N, S, S, 1] in [0, 1], or the tokens of a text. */
  readonly data: readonly ViewTensors[];
  /** Standard normal, [M, N, D]. */
  readonly noise: Tensor;
  /** Further noise is an input, `noise NAME`, instead of drawn. */
  readonly givenNoise?: boolean;
  /** Weight of the standard normal prior, [1]; only MMVM uses it. */
  readonly alpha: Tensor;
  /** Weight of the divergence, a scalar. */
  readonly beta: Tensor;
}

/** A model: functions over a scope with its parameters. */
export class Vae {
  /** How the views share their latents. */
  readonly method: Method;
  /** Variant of the divergence. */
  readonly objective: Objective;
  /** How many of the last latent dimensions are private to their view. */
  readonly privateDim: number;
  readonly #networks: readonly Network[];
  readonly #weights: readonly number[];

  /**
   * Checks the configuration.
   *
   * @throws {RangeError} for an unknown method or network, or views, weights or sizes that they do not support.
   */
  constructor(readonly config: VaeConfig) {
    const { views, prior, jointKl, moeAssignment, tcRatio } = config;
    const method = methodOf(config.method);
    this.privateDim = privateDimOf(method, config);
    this.method = method.privateLatents === "optional" && this.privateDim > 0 ? withPrivateLatents(method) : method;
    this.objective = {
      prior: prior ?? PUBLISHED_OBJECTIVE.prior,
      jointKl: jointKl ?? PUBLISHED_OBJECTIVE.jointKl,
      moeAssignment: moeAssignment ?? PUBLISHED_OBJECTIVE.moeAssignment,
      tcRatio: tcRatio ?? PUBLISHED_OBJECTIVE.tcRatio,
    };
    this.#networks = viewNetworks({ ...config, decodes: true });
    this.#weights = config.viewWeights ?? views.map(() => 1);
    requireViews(config, this.method);
  }

  /** The number of views. */
  get views(): number {
    return this.config.views.length;
  }

  /** Numbers of the views that are texts. */
  get texts(): number[] {
    return textNumbers(this.config);
  }

  /** Number of latent dimensions that views share. */
  get sharedDim(): number {
    return this.config.latentDim - this.privateDim;
  }

  /** Whether the component of a mixture that a sample takes is drawn, instead of by slices of the batch. */
  get drawsComponents(): boolean {
    return isMixture(this.method.aggregation) && this.objective.moeAssignment === "stratified";
  }

  /** Posteriors of all views, stacked: [M, N, D]. */
  encode(scope: Scope, data: readonly ViewTensors[]): Posterior {
    const each = data.map((view, m) => {
      const at = scope.child(`encoders.${m}`);
      const network = this.#networks[m]!;
      return network.posterior(at, network.extract(at, isText(view) ? view.tokens : view));
    });
    return {
      mu: stack(each.map(({ mu }) => mu), 0),
      logvar: stack(each.map(({ logvar }) => logvar), 0),
    };
  }

  /** Each view's {@linkcode decodeView} from latents [M, N, D], or [1, N, D] for one shared by all views. */
  decode(scope: Scope, z: Tensor): Tensor[] {
    return this.config.views.map((_, m) => this.decodeView(scope, viewOf(z, z.shape[0] === 1 ? 0 : m), m));
  }

  /**
   * The parameters of one view's likelihood from latents [N, D]: an image's mean [N, S, S, 1], or a text's logits
   * [N, 1, L, V].
   */
  decodeView(scope: Scope, z: Tensor, view: number): Tensor {
    return this.#networks[view]!.decode(scope.child(`decoders.${view}`), z);
  }

  /**
   * The joint posterior of the shared latent, [N, sharedDim], of posteriors [M, N, D].
   *
   * @throws {TypeError} for a method that has none.
   */
  aggregate(posterior: Posterior, context: AggregateContext): Posterior {
    const { name, aggregate } = this.method;
    if (!aggregate) throw new TypeError(`method ${name} has no joint posterior`);
    return aggregate(posterior, { ...context, privateDim: this.privateDim });
  }

  /** The training objective of a batch. */
  terms(scope: Scope, inputs: VaeInputs): VaeTerms {
    const { data, noise, alpha, beta, givenNoise = false, ...context } = inputs;
    const posterior = this.encode(scope, data);
    const { kl, further = [], ...first } = this.method.latents({
      posterior,
      noise,
      alpha,
      objective: this.objective,
      privateDim: this.privateDim,
      scope,
      draw: (name, shape) => drawNoise(scope, { name, shape, given: givenNoise }),
      ...context,
    });
    const divergence = mean(kl);
    const decodings = [first, ...further];
    const losses = this.#decodeAll(scope, decodings).map((outputs, m) => {
      const nll = decodings.map(({ weight }, k) => {
        const one = negativeLogLikelihood(outputs[k]!, data[m]!, this.config.likelihood);
        return weight ? mul(weight, one) : one;
      }).reduce(add);
      return mean(context.present ? where(viewOf(context.present, m), { then: nll, otherwise: 0 }) : nll);
    });
    const weighted = losses.map((loss, m) => this.#weights[m] === 1 ? loss : mul(loss, this.#weights[m]!));
    const reconstruction = weighted.reduce(add);
    const loss = add(reconstruction, mul(beta, divergence));
    return { loss, reconstruction, kl: divergence, views: losses, posterior };
  }

  /**
   * Every view's output from each decoding, `result[view][decoding]`. Several decodings are one batch of the decoder,
   * so that batch norm sees all of them.
   */
  #decodeAll(scope: Scope, decodings: readonly Decoding[]): Tensor[][] {
    if (decodings.length === 1) return this.decode(scope, decodings[0]!.z).map((output) => [output]);
    return this.config.views.map((_, m) => {
      const each = decodings.map(({ z }) => viewOf(z, z.shape[0] === 1 ? 0 : m));
      const samples = each[0]!.shape[0]!;
      const output = this.decodeView(scope, concat(each, 0), m);
      const rest = output.shape.slice(1);
      return each.map((_, k) =>
        slice(output, { starts: [k * samples, ...rest.map(() => 0)], sizes: [samples, ...rest] })
      );
    });
  }

  /** Requests every parameter from a declaring scope. */
  declare(scope: Scope): void {
    const { mu } = this.encode(scope, viewTensors({ ...this.config, batchSize: 1 }));
    this.decode(scope, reshape(mu, [this.views, 1, this.config.latentDim]));
    this.method.declare?.(scope, { views: this.views, privateDim: this.privateDim });
  }
}

function drawNoise(scope: Scope, options: { name: string; shape: Shape; given: boolean }): Tensor {
  const { name, shape, given } = options;
  if (given) return input(`noise ${name}`, { shape });
  return randomNormal(shape, { stream: scope.stream(`reparameterisation ${name}`) });
}

function requireViews({ views, viewWeights }: VaeConfig, method: Method): void {
  if (views.length === 0) throw new RangeError(`${method.name} needs at least one view`);
  if (method.view !== undefined && (views.length !== 1 || views[0] !== method.view)) {
    throw new RangeError(`method ${method.name} is of the view ${method.view} alone, not of ${views.join(", ")}`);
  }
  if (!viewWeights) return;
  const bad = viewWeights.find((weight) => !(weight >= 0 && Number.isFinite(weight)));
  if (viewWeights.length !== views.length || bad !== undefined) {
    throw new RangeError(
      `the views ${views.join(", ")} need one weight each, 0 or more, got ${viewWeights.join(", ") || "none"}`,
    );
  }
}
