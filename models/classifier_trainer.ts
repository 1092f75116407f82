/**
 * Training and using supervised classifiers.
 *
 * @module
 */
import {
  compile,
  type Device,
  input,
  type InputData,
  type MetricsEntry,
  type Program,
  type ProgramMemory,
} from "../runtime/mod.ts";
import { fillAbsent } from "./absent_views.ts";
import { AdamState, modelState } from "./adam_state.ts";
import { Classifier, type ClassifierConfig } from "./classifier.ts";
import { type ImageShape, imageTensors, pixelInputs, type Pixels } from "./image_inputs.ts";
import { declareParameters, type HostTensor, Parameters } from "./parameters.ts";
import { Scope } from "./scope.ts";
import type { StepSettings, Trainer } from "./trainer.ts";

/** A labelled batch as the GPU gets it. */
export interface LabelledBatch {
  readonly pixels: Pixels;
  /** 1, 0, or -1 where a label is left out, [N, labels]. */
  readonly labels: Int8Array;
  /** 1 where a view is there, view-major [M, N]; needed where the trainer was made with `missingViews`. */
  readonly present?: Float32Array;
}

/** How to make a trainer. */
export interface ClassifierTrainerOptions {
  readonly config: ClassifierConfig;
  readonly batchSize: number;
  readonly seed: number;
  /** Whether batches may lack views. */
  readonly missingViews?: boolean;
  /** Images come as floats instead of bytes. */
  readonly floatImages?: boolean;
  /** Keep the last step's gradients, for {@link ClassifierTrainer.readGradients}. */
  readonly keepGradients?: boolean;
  /** Look for NaN and infinity in every op's results; see `CompileOptions.checkNumerics`. Slow. */
  readonly checkNumerics?: boolean;
}

/** Scores of a batch, in [0, 1]. */
export interface ScoredBatch {
  /** Per view [N, labels]. */
  readonly views: readonly Float32Array[];
  /** The average over the views that are there, [N, labels]. */
  readonly combined: Float32Array;
}

/** A classifier in training: one compiled program does a whole step. Its metrics are `loss` and `gradientNorm`. */
export class ClassifierTrainer implements Trainer<LabelledBatch> {
  private constructor(
    readonly options: ClassifierTrainerOptions,
    private readonly state: AdamState,
    private readonly program: Program,
  ) {}

  /**
   * Allocates and initialises a classifier and compiles its training step.
   *
   * @throws {RangeError} for a method, network or size that does not exist.
   */
  static async create(device: Device, options: ClassifierTrainerOptions): Promise<ClassifierTrainer> {
    const classifier = new Classifier(options.config);
    const specs = declareParameters((scope) => classifier.declare(scope));
    const state = AdamState.create(device, { specs, seed: options.seed });
    try {
      const program = await compile(device, () => buildStep(classifier, { state, options }), {
        name: "training step",
        checkNumerics: options.checkNumerics ?? false,
      });
      return new ClassifierTrainer(options, state, program);
    } catch (error) {
      state[Symbol.dispose]();
      throw error;
    }
  }

  get parameters(): Parameters {
    return this.state.parameters;
  }

  get memory(): ProgramMemory {
    return this.program.memory;
  }

  get dispatchCount(): number {
    return this.program.dispatchCount;
  }

  /** Does one step; alpha and beta mean nothing here. */
  step(batch: LabelledBatch, settings: StepSettings): void {
    const { missingViews, seed, config } = this.options;
    const { pixels, absent } = missingViews && batch.present
      ? fillAbsent({ pixels: batch.pixels, present: batch.present }, { views: config.views.length })
      : { pixels: batch.pixels, absent: [] };
    const isAbsent = (name: string) => absent.some((m) => name.startsWith(`encoders.${m}.`));
    const inputs: Record<string, InputData> = {
      ...pixelInputs(pixels),
      ...AdamState.inputs(settings),
      targets: Float32Array.from(batch.labels, (label) => label === 1 ? 1 : 0),
      known: Float32Array.from(batch.labels, (label) => label < 0 ? 0 : 1),
      ...(missingViews && batch.present ? { present: batch.present } : {}),
    };
    this.parameters.preserveStatistics(isAbsent, () => this.program.run(inputs, { step: settings.step, seed }));
  }

  readMetrics(): Promise<MetricsEntry[]> {
    return this.program.readMetrics();
  }

  /**
   * Gradients of the last step by parameter, in files' layouts.
   *
   * @throws {RangeError} for a trainer made without `keepGradients`.
   */
  async readGradients(): Promise<Map<string, HostTensor>> {
    const [slab] = await this.program.read("gradient");
    return this.parameters.fromSlab(slab!);
  }

  read(): Promise<Map<string, HostTensor>> {
    return this.state.read();
  }

  write(state: ReadonlyMap<string, HostTensor>): void {
    this.state.write(state);
  }

  [Symbol.dispose](): void {
    this.program[Symbol.dispose]();
    this.state[Symbol.dispose]();
  }
}

/** A trained classifier, in evaluation mode. Dispose of it to free its memory. */
export class ClassifierInference implements Disposable {
  private constructor(
    readonly classifier: Classifier,
    readonly parameters: Parameters,
    readonly images: ImageShape,
    private readonly program: Program,
  ) {}

  /**
   * A classifier with initial parameters; {@link write} gives it those of a training.
   *
   * @throws {RangeError} for a method, network or size that does not exist.
   */
  static async open(
    device: Device,
    options: Pick<ClassifierTrainerOptions, "config" | "batchSize" | "floatImages">,
  ): Promise<ClassifierInference> {
    const classifier = new Classifier(options.config);
    const specs = declareParameters((scope) => classifier.declare(scope));
    const parameters = Parameters.create(device, { specs, seed: 0 });
    const images = imageShape(options);
    try {
      const program = await compile(device, () => {
        const present = input("present", { shape: [images.views.length, images.batchSize] });
        const scope = Scope.bound(parameters.source, { training: false });
        const { views, combined } = classifier.scores(scope, { images: imageTensors(images), present });
        return { outputs: { combined, ...Object.fromEntries(views.map((scores, m) => [`view ${m}`, scores])) } };
      }, { name: "classifier" });
      return new ClassifierInference(classifier, parameters, images, program);
    } catch (error) {
      parameters[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * Sets the parameters from a training's state; the optimiser's part is passed over.
   *
   * @throws {RangeError} naming what is missing, unknown or of another shape.
   */
  write(state: ReadonlyMap<string, HostTensor>): void {
    this.parameters.write(modelState(state));
  }

  /** Scores of a batch; `present` is 1 where a view is there, view-major [M, N], and everywhere by default. */
  async score(pixels: Pixels, options: { present?: Float32Array } = {}): Promise<ScoredBatch> {
    const { views, batchSize } = this.images;
    const present = options.present ?? new Float32Array(views.length * batchSize).fill(1);
    this.program.run({ ...pixelInputs(pixels), present });
    const [combined, ...each] = await this.program.read("combined", ...views.map((_, m) => `view ${m}`));
    return { views: each, combined: combined! };
  }

  [Symbol.dispose](): void {
    this.program[Symbol.dispose]();
    this.parameters[Symbol.dispose]();
  }
}

function imageShape(options: Pick<ClassifierTrainerOptions, "config" | "batchSize" | "floatImages">): ImageShape {
  const { config: { views, imageSize }, batchSize, floatImages = false } = options;
  return { views, imageSize, batchSize, floatImages };
}

function buildStep(classifier: Classifier, context: { state: AdamState; options: ClassifierTrainerOptions }) {
  const { state, options } = context;
  const { batchSize, config } = options;
  const shape = [batchSize, config.labels];
  const scope = Scope.bound(state.parameters.source, { training: true });
  const loss = classifier.loss(scope, {
    images: imageTensors(imageShape(options)),
    targets: input("targets", { shape }),
    known: input("known", { shape }),
    ...(options.missingViews ? { present: input("present", { shape: [config.views.length, batchSize] }) } : {}),
  });
  const { gradient, gradientNorm } = state.minimize(loss);
  return {
    metrics: { loss, gradientNorm },
    ...(options.keepGradients ? { outputs: { gradient } } : {}),
  };
}
