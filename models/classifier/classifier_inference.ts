/**
 * Inference with supervised classifiers.
 *
 * @module
 */
import { compile, type Device, input, type Precision, type Program } from "../../runtime/mod.ts";
import { evaluatedState } from "../training_state.ts";
import { Classifier, type ClassifierConfig } from "./classifier.ts";
import type { BatchViews } from "../view_batch.ts";
import { type BatchShape, viewInputs, viewTensors } from "../view_inputs.ts";
import { declareParameters, type HostTensor, Parameters } from "../layers/parameters.ts";
import { Scope } from "../layers/scope.ts";

/** Options of {@link ClassifierInference.open}. */
export interface ClassifierInferenceOptions {
  /** The classifier. */
  readonly config: ClassifierConfig;
  /** Samples in every batch. */
  readonly batchSize: number;
  /** Images come as floats instead of bytes. */
  readonly floatImages?: boolean;
  /** Seed of the initial parameters, 0 by default; {@link ClassifierInference.write} replaces them. */
  readonly seed?: number;
  /** How feature maps are stored, `f32` by default; see `CompileOptions.precision`. */
  readonly precision?: Precision;
}

/** Scores of a batch, in [0, 1], as float64: float32 has no number between 1 - 6e-8 and 1 for confident scores. */
export interface ScoredBatch {
  /** Per view [N, labels]. */
  readonly views: readonly Float64Array[];
  /** The average over the views that are there, [N, labels]. */
  readonly combined: Float64Array;
}

/** A trained classifier, in evaluation mode. Dispose of it to free its memory. */
export class ClassifierInference implements Disposable {
  #features: Promise<Program> | undefined;

  private constructor(
    readonly classifier: Classifier,
    readonly parameters: Parameters,
    readonly shape: BatchShape,
    private readonly program: Program,
    private readonly device: Device,
    private readonly precision: Precision,
  ) {}

  /**
   * Opens a classifier with initial parameters; {@link write} sets trained ones.
   *
   * @throws {RangeError} for a method, network or size that does not exist.
   */
  static async open(
    device: Device,
    options: ClassifierInferenceOptions,
  ): Promise<ClassifierInference> {
    const classifier = new Classifier(options.config);
    const specs = declareParameters((scope) => classifier.declare(scope));
    const parameters = Parameters.create(device, { specs, seed: options.seed ?? 0 });
    const { views, imageSize, texts } = options.config;
    const { batchSize, floatImages = false } = options;
    const shape = { views, imageSize, batchSize, floatImages, ...(texts ? { texts } : {}) };
    try {
      const program = await compile(device, () => {
        const present = input("present", { shape: [views.length, batchSize] });
        const scope = Scope.bound(parameters.source, { training: false });
        const { views: each, combined } = classifier.scoreLogits(scope, { data: viewTensors(shape), present });
        return { outputs: { combined, ...Object.fromEntries(each.map((logits, m) => [`view ${m}`, logits])) } };
      }, { name: "classifier", precision: options.precision ?? "f32" });
      return new ClassifierInference(classifier, parameters, shape, program, device, options.precision ?? "f32");
    } catch (error) {
      parameters[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * Sets the parameters from a training state; the optimiser's part is ignored.
   *
   * @throws {RangeError} naming what is missing, unknown or of another shape.
   */
  write(state: ReadonlyMap<string, HostTensor>): void {
    this.parameters.write(evaluatedState(state));
  }

  /** Scores of a batch; `present` is 1 where a view is present, view-major [M, N]; all are by default. */
  async score(batch: BatchViews, options: { present?: Float32Array } = {}): Promise<ScoredBatch> {
    const { views, batchSize } = this.shape;
    const present = options.present ?? new Float32Array(views.length * batchSize).fill(1);
    this.program.run({ ...viewInputs(batch), present });
    const [combined, ...each] = await this.program.read("combined", ...views.map((_, m) => `view ${m}`));
    return { views: each.map(probabilities), combined: probabilities(combined!) };
  }

  /** Each view's features of a batch, [N, features]: the encoder's output, in front of the linear layer. */
  async features(batch: BatchViews): Promise<Float32Array[]> {
    const { views } = this.shape;
    this.#features ??= compile(this.device, () => {
      const scope = Scope.bound(this.parameters.source, { training: false });
      const each = this.classifier.features(scope, viewTensors(this.shape));
      return { outputs: Object.fromEntries(each.map((features, m) => [`features ${m}`, features])) };
    }, { name: "features", precision: this.precision });
    const program = await this.#features;
    program.run(viewInputs(batch));
    return await program.read(...views.map((_, m) => `features ${m}`));
  }

  /** Frees the GPU memory. */
  [Symbol.dispose](): void {
    this.#features?.then((program) => program[Symbol.dispose](), () => {});
    this.program[Symbol.dispose]();
    this.parameters[Symbol.dispose]();
  }
}

/** 1 / (1 + e^-x) of each logit. */
function probabilities(logits: Float32Array): Float64Array {
  return Float64Array.from(logits, (logit) => 1 / (1 + Math.exp(-logit)));
}
