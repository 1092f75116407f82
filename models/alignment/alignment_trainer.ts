/**
 * Training of alignment methods.
 *
 * @module
 */
import { type AugmentAmounts, type Device, input, type Tensor } from "../../runtime/mod.ts";
import { augmentViews } from "../augment_views.ts";
import type { Scope } from "../layers/scope.ts";
import type { BatchPart } from "../methods/component_draw.ts";
import { givenViews } from "../given_views.ts";
import { WHOLE } from "../split_batch.ts";
import type { EvaluationResults, StepInputs, StepSettings, StepTrainerOptions, Trainable } from "../trainable.ts";
import { createStepTrainer, type StepTrainer } from "../trainer.ts";
import type { ViewBatch } from "../view_batch.ts";
import { textNumbers, viewInputs, viewTensors } from "../view_inputs.ts";
import { type AlignmentConfig, AlignmentModel } from "./alignment.ts";

/** A batch as the GPU gets it. */
export interface AlignmentBatch extends ViewBatch {
  /**
   * 1 where a view is present, view-major [M, N]; required by trainers with `missingViews`, ignored by others.
   */
  readonly present?: Float32Array;
}

/** Options of the trainer. */
export interface AlignmentTrainerOptions extends StepTrainerOptions {
  /** The model to train. */
  readonly config: AlignmentConfig;
  /** Studies in every batch, or in every micro-batch, which are compared with each other. */
  readonly batchSize: number;
  /** Whether batches may lack views. */
  readonly missingViews?: boolean;
  /** Images come as floats instead of bytes. */
  readonly floatImages?: boolean;
  /** How far images are changed at random. */
  readonly augment?: Partial<AugmentAmounts> | undefined;
}

/**
 * Creates the trainer of an alignment method; its metrics are `loss` and `gradientNorm`. Its steps ignore alpha and
 * beta.
 *
 * @throws {RangeError} for a method, network or size that does not exist.
 */
export async function createAlignmentTrainer(
  device: Device,
  options: AlignmentTrainerOptions,
): Promise<StepTrainer<AlignmentBatch>> {
  return await createStepTrainer(device, { ...options, model: new TrainableAlignment(options) });
}

/** An alignment method as {@link createStepTrainer} takes it. */
export class TrainableAlignment implements Trainable<AlignmentBatch> {
  readonly #model: AlignmentModel;

  /**
   * A model on batches of one size.
   *
   * @throws {RangeError} for a method, network or size that does not exist.
   */
  constructor(private readonly options: AlignmentTrainerOptions) {
    this.#model = new AlignmentModel(options.config);
  }

  declare(scope: Scope): void {
    this.#model.declare(scope);
  }

  loss(scope: Scope): { loss: Tensor } {
    return { loss: this.#terms(scope).loss };
  }

  /** The loss, and as outputs each view's features (`view M`), [N, features]. */
  evaluation(scope: Scope): EvaluationResults {
    const { loss, features } = this.#terms(scope);
    return { metrics: { loss }, outputs: Object.fromEntries(features.map((own, m) => [`view ${m}`, own])) };
  }

  #terms(scope: Scope): { loss: Tensor; features: Tensor[] } {
    const { augment, batchSize, config, floatImages = false, missingViews } = this.options;
    return this.#model.terms(scope, {
      data: augmentViews(viewTensors({ ...config, batchSize, floatImages }), { augment, scope }),
      ...(missingViews ? { present: input("present", { shape: [config.views.length, batchSize] }) } : {}),
    });
  }

  inputs(batch: AlignmentBatch, _settings: StepSettings, micro: BatchPart = WHOLE): StepInputs {
    const { batchSize: samples, config, missingViews } = this.options;
    const numbers = { views: config.views.length, texts: textNumbers(config) };
    const { filled, given, absent } = givenViews(batch, { part: micro, samples, missingViews, ...numbers });
    const isAbsent = (name: string) =>
      absent.some((m) => name.startsWith(`encoders.${m}.`) || name.startsWith(`projectors.${m}.`));
    return {
      values: { ...viewInputs(filled), ...given },
      ...(absent.length > 0 ? { keepsStatistics: isAbsent } : {}),
    };
  }
}
