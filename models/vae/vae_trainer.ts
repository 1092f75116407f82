/**
 * Training of multimodal VAEs.
 *
 * @module
 */
import {
  type AugmentAmounts,
  type Device,
  input,
  type InputData,
  randomNormal,
  type Tensor,
} from "../../runtime/mod.ts";
import { augmentViews } from "../augment_views.ts";
import { givenViews } from "../given_views.ts";
import { viewRowsOf, WHOLE } from "../split_batch.ts";
import type { ViewBatch } from "../view_batch.ts";
import { viewInputs, viewTensors } from "../view_inputs.ts";
import { Scope } from "../layers/scope.ts";
import { type BatchPart, drawComponents, sliceComponents } from "../methods/component_draw.ts";
import type { EvaluationResults, StepInputs, StepSettings, StepTrainerOptions, Trainable } from "../trainable.ts";
import { createStepTrainer, type StepTrainer } from "../trainer.ts";
import { Vae, type VaeConfig, type VaeTerms } from "./vae.ts";

/** A batch as the GPU gets it. */
export interface VaeBatch extends ViewBatch {
  /** Standard normal noise [M, N, D], for a trainer with `givenNoise`. */
  readonly noise?: Float32Array;
  /** The further noise of methods that draw any, by name, for a trainer with `givenNoise`. */
  readonly furtherNoise?: Readonly<Record<string, Float32Array>>;
  /**
   * 1 where a view is present, view-major [M, N]; required by trainers with `missingViews`, ignored by others.
   */
  readonly present?: Float32Array;
}

/** Options of the trainer. */
export interface VaeTrainerOptions extends StepTrainerOptions {
  /** The model to train. */
  readonly config: VaeConfig;
  /** Samples in every batch, or in every micro-batch. */
  readonly batchSize: number;
  /** Whether batches may lack views; a mask is then part of every step. */
  readonly missingViews?: boolean;
  /** Images come as floats instead of bytes. */
  readonly floatImages?: boolean;
  /** The reparameterisation noise is part of each batch instead of drawn from the seed. */
  readonly givenNoise?: boolean;
  /** Batches are parts of larger ones, in data-parallel training or as micro-batches: this one, or the first one. */
  readonly part?: BatchPart;
  /** How far images are changed at random; what is reconstructed is the changed image. */
  readonly augment?: Partial<AugmentAmounts> | undefined;
}

/**
 * Creates the trainer of a multimodal VAE; its metrics are `loss`, `reconstruction`, `kl` and `gradientNorm`.
 *
 * @throws {RangeError} for a method, network or size that does not exist.
 * @throws {OutOfMemoryError} before anything is allocated, if that can be known.
 */
export async function createVaeTrainer(device: Device, options: VaeTrainerOptions): Promise<StepTrainer<VaeBatch>> {
  const { accumulate: of = 1, part = { index: 0, of } } = options;
  return await createStepTrainer(device, { ...options, model: new TrainableVae({ ...options, part }) });
}

/** The metric that holds a view's mean negative log-likelihood, of models that have a text. */
export function lossOf(view: string): `nll ${string}` {
  return `nll ${view}`;
}

/** A VAE as {@link createStepTrainer} takes it. */
export class TrainableVae implements Trainable<VaeBatch> {
  readonly #vae: Vae;

  /**
   * A VAE on batches of one size.
   *
   * @throws {RangeError} for a method, network or size that does not exist.
   */
  constructor(private readonly options: VaeTrainerOptions) {
    this.#vae = new Vae(options.config);
  }

  declare(scope: Scope): void {
    this.#vae.declare(scope);
  }

  loss(scope: Scope): { loss: Tensor; reconstruction: Tensor; kl: Tensor; [metric: string]: Tensor } {
    const { loss, reconstruction, kl, views } = this.#terms(scope);
    return { loss, reconstruction, kl, ...this.#vae.texts.length > 0 ? this.#lossesOf(views) : {} };
  }

  evaluation(scope: Scope): EvaluationResults {
    const { loss, reconstruction, kl, views, posterior: { mu, logvar } } = this.#terms(scope);
    // A deterministic autoencoder has no variances.
    const outputs = this.#vae.method.prior === "none" ? { mu } : { mu, logvar };
    return { metrics: { loss, reconstruction, kl, ...this.#lossesOf(views) }, outputs };
  }

  #lossesOf(views: readonly Tensor[]): Record<`nll ${string}`, Tensor> {
    return Object.fromEntries(views.map((nll, m) => [lossOf(this.options.config.views[m]!), nll]));
  }

  #terms(scope: Scope): VaeTerms {
    const { batchSize, config, floatImages = false, givenNoise = false, missingViews } = this.options;
    const { views } = this.#vae;
    const noiseShape = [views, batchSize, config.latentDim];
    return this.#vae.terms(scope, {
      data: augmentViews(viewTensors({ ...config, batchSize, floatImages }), { ...this.options, scope }),
      noise: givenNoise
        ? input("noise", { shape: noiseShape })
        : randomNormal(noiseShape, { stream: scope.stream("reparameterisation") }),
      alpha: input("alpha", { shape: [1] }),
      beta: input("beta", { shape: [] }),
      givenNoise,
      ...(missingViews ? { present: input("present", { shape: [views, batchSize] }) } : {}),
      ...(this.#assigns ? { assignment: input("assignment", { shape: [batchSize], dtype: "u32" }) } : {}),
    });
  }

  inputs(batch: VaeBatch, { alpha, beta, step }: StepSettings, micro: BatchPart = WHOLE): StepInputs {
    const { views, texts } = this.#vae;
    const { batchSize: samples, missingViews } = this.options;
    const at = { part: micro, samples, views };
    const { noise, furtherNoise = {} } = batch;
    if (micro.of > 1 && Object.keys(furtherNoise).length > 0) {
      throw new RangeError("further noise cannot be divided into micro-batches: let it be drawn instead");
    }
    const { filled, given, absent } = givenViews(batch, { ...at, texts, missingViews });
    return {
      values: {
        ...viewInputs(filled),
        alpha,
        beta,
        ...this.#components(given, { step, micro: micro.index }),
        ...given,
        ...(noise ? { noise: viewRowsOf(noise, at) } : {}),
        ...Object.fromEntries(Object.entries(furtherNoise).map(([name, values]) => [`noise ${name}`, values])),
      },
      ...(absent.length > 0 ? { keepsStatistics: (name) => isOfViews(name, absent) } : {}),
    };
  }

  /** Whether a step needs the component of each sample: drawn, or the slice of a batch of which this is a part. */
  get #assigns(): boolean {
    const { part } = this.options;
    const { drawsComponents, method: { samplesComponents = false } } = this.#vae;
    return samplesComponents && (drawsComponents || (part !== undefined && part.of > 1));
  }

  #components(
    given: { present?: Float32Array },
    { step, micro }: { step: number; micro: number },
  ): Record<string, InputData> {
    const { drawsComponents, method: { aggregation }, views } = this.#vae;
    if (!this.#assigns || !aggregation) return {};
    const { batchSize: samples, part: { index, of } = { index: 0, of: 1 }, seed } = this.options;
    const draw = { aggregation, views, samples, part: { index: index + micro, of }, ...given };
    if (!drawsComponents) return { assignment: sliceComponents(draw) };
    const stream = Scope.declaring().stream("components");
    return { assignment: drawComponents({ ...draw, seed, stream, step }) };
  }
}

/** Whether a parameter belongs to the encoder or decoder of one of the given views. */
function isOfViews(name: string, views: readonly number[]): boolean {
  return views.some((m) => name.startsWith(`encoders.${m}.`) || name.startsWith(`decoders.${m}.`));
}
