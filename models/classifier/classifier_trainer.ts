/**
 * Training of supervised classifiers.
 *
 * @module
 */
import { type AugmentAmounts, type Device, input, type Tensor } from "../../runtime/mod.ts";
import { augmentViews } from "../augment_views.ts";
import { givenViews } from "../given_views.ts";
import { rowsOf, WHOLE } from "../split_batch.ts";
import type { ViewBatch } from "../view_batch.ts";
import { textNumbers, viewInputs, viewTensors } from "../view_inputs.ts";
import type { Scope } from "../layers/scope.ts";
import type { BatchPart } from "../methods/component_draw.ts";
import type { EvaluationResults, StepInputs, StepSettings, StepTrainerOptions, Trainable } from "../trainable.ts";
import { createStepTrainer, type StepTrainer } from "../trainer.ts";
import { Classifier, type ClassifierConfig, type ClassifierInputs } from "./classifier.ts";

/** A labelled batch as the GPU gets it. */
export interface LabelledBatch extends ViewBatch {
  /** 1, 0, or -1 where a label is unknown, [N, labels]. */
  readonly labels: Int8Array;
  /**
   * 1 where a view is present, view-major [M, N]; required by trainers with `missingViews`, ignored by others.
   */
  readonly present?: Float32Array;
}

/** Options of the trainer. */
export interface ClassifierTrainerOptions extends StepTrainerOptions {
  /** The classifier to train. */
  readonly config: ClassifierConfig;
  /** Studies in every batch, or in every micro-batch. */
  readonly batchSize: number;
  /** Whether batches may lack views. */
  readonly missingViews?: boolean;
  /** Images come as floats instead of bytes. */
  readonly floatImages?: boolean;
  /** How far images are changed at random. */
  readonly augment?: Partial<AugmentAmounts> | undefined;
}

/**
 * Creates the trainer of a classifier; its metrics are `loss` and `gradientNorm`. Its steps ignore alpha and beta.
 *
 * @throws {RangeError} for a method, network or size that does not exist.
 */
export async function createClassifierTrainer(
  device: Device,
  options: ClassifierTrainerOptions,
): Promise<StepTrainer<LabelledBatch>> {
  return await createStepTrainer(device, { ...options, model: new TrainableClassifier(options) });
}

/** A classifier as {@link createStepTrainer} takes it. */
export class TrainableClassifier implements Trainable<LabelledBatch> {
  readonly #classifier: Classifier;

  /**
   * A classifier on batches of one size.
   *
   * @throws {RangeError} for a method, network or size that does not exist.
   */
  constructor(private readonly options: ClassifierTrainerOptions) {
    this.#classifier = new Classifier(options.config);
  }

  declare(scope: Scope): void {
    this.#classifier.declare(scope);
  }

  loss(scope: Scope): { loss: Tensor } {
    return { loss: this.#classifier.loss(scope, this.#inputs(scope)) };
  }

  /** The loss, and as outputs the logits of each view (`view M`) and of the average score (`combined`), [N, labels]. */
  evaluation(scope: Scope): EvaluationResults {
    const inputs = this.#inputs(scope);
    const { views, combined } = this.#classifier.scoreLogits(scope, inputs);
    return {
      metrics: { loss: this.#classifier.loss(scope, inputs) },
      outputs: { combined, ...Object.fromEntries(views.map((logits, m) => [`view ${m}`, logits])) },
    };
  }

  #inputs(scope: Scope): ClassifierInputs {
    const { batchSize, config, floatImages = false, missingViews } = this.options;
    const { labels, views } = config;
    const shape = [batchSize, labels];
    return {
      data: augmentViews(viewTensors({ ...config, batchSize, floatImages }), { ...this.options, scope }),
      targets: input("targets", { shape }),
      known: input("known", { shape }),
      ...(missingViews ? { present: input("present", { shape: [views.length, batchSize] }) } : {}),
    };
  }

  inputs(batch: LabelledBatch, _settings: StepSettings, micro: BatchPart = WHOLE): StepInputs {
    const { config, batchSize: samples, missingViews } = this.options;
    const at = { part: micro, samples };
    const labels = rowsOf(batch.labels, at);
    const numbers = { views: config.views.length, texts: textNumbers(config) };
    const { filled, given, absent } = givenViews(batch, { ...at, missingViews, ...numbers });
    return {
      values: {
        ...viewInputs(filled),
        targets: Float32Array.from(labels, (label) => label === 1 ? 1 : 0),
        known: Float32Array.from(labels, (label) => label < 0 ? 0 : 1),
        ...given,
      },
      ...(absent.length > 0
        ? { keepsStatistics: (name) => absent.some((m) => name.startsWith(`encoders.${m}.`)) }
        : {}),
    };
  }
}
