/**
 * Training supervised classifiers: one compiled program does a whole step.
 *
 * @module
 */
import {
  compile,
  type Device,
  input,
  type InputData,
  type MetricsEntry,
  type Precision,
  type Program,
  type ProgramMemory,
} from "../../runtime/mod.ts";
import { fillAbsent } from "../absent_views.ts";
import { AdamState } from "../adam_state.ts";
import { Classifier, type ClassifierConfig } from "./classifier.ts";
import { imageTensors, pixelInputs, type Pixels } from "../image_inputs.ts";
import { declareParameters, type HostTensor, type Parameters } from "../layers/parameters.ts";
import { Scope } from "../layers/scope.ts";
import type { StepSettings, Trainer } from "../trainer.ts";

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
  /** How feature maps and their gradients are stored, `f32` by default; see `CompileOptions.precision`. */
  readonly precision?: Precision;
  /** Keep the last step's gradients, for {@link ClassifierTrainer.readGradients}. */
  readonly keepGradients?: boolean;
  /** Look for NaN and infinity in every op's results; see `CompileOptions.checkNumerics`. Slow. */
  readonly checkNumerics?: boolean;
}

/** A classifier in training. Its metrics are `loss` and `gradientNorm`, and with precision `f16` `lossScale`. Dispose of it to free its memory. */
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
    const { precision = "f32" } = options;
    const specs = declareParameters((scope) => classifier.declare(scope));
    const state = AdamState.create(device, { specs, seed: options.seed, precision });
    try {
      const program = await compile(device, () => buildStep(classifier, { state, options }), {
        name: "training step",
        checkNumerics: options.checkNumerics ?? false,
        precision,
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

function buildStep(classifier: Classifier, context: { state: AdamState; options: ClassifierTrainerOptions }) {
  const { state, options } = context;
  const { batchSize, config, floatImages = false } = options;
  const { views, imageSize } = config;
  const shape = [batchSize, config.labels];
  const scope = Scope.bound(state.parameters.source, { training: true });
  const loss = classifier.loss(scope, {
    images: imageTensors({ views, imageSize, batchSize, floatImages }),
    targets: input("targets", { shape }),
    known: input("known", { shape }),
    ...(options.missingViews ? { present: input("present", { shape: [views.length, batchSize] }) } : {}),
  });
  const { gradient, metrics } = state.minimize(loss);
  return {
    metrics: { loss, ...metrics },
    ...(options.keepGradients ? { outputs: { gradient: gradient() } } : {}),
  };
}
