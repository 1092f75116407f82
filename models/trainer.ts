/**
 * Training a model: one compiled program that does a whole step, with its gradients and the optimiser.
 *
 * A trainer is independent of files and data sets: it takes batches, and its state is read and written as plain
 * tensors. All randomness is keyed by (seed, step), so that training restored at a step continues bit for bit.
 *
 * @module
 */
import {
  adam,
  compile,
  type Device,
  type InputData,
  type MetricsEntry,
  type Optimizer,
  type Precision,
  type ProfileEntry,
  type Program,
  type ProgramMemory,
  type RunOptions,
  type Tensor,
} from "../runtime/mod.ts";
import { TrainingState } from "./training_state.ts";
import { declareParameters, type HostTensor, type Parameters } from "./layers/parameters.ts";
import { Scope } from "./layers/scope.ts";

/** Settings of one step. */
export interface StepSettings {
  /** Step number from 0; keys the random numbers. */
  readonly step: number;
  /** Learning rate of this step. */
  readonly learningRate: number;
  /** Weight of the divergence. */
  readonly beta: number;
  /** Weight of the standard normal prior in MMVM. */
  readonly alpha: number;
}

/** Inputs of one step. */
export interface StepInputs {
  /** Values of the inputs that {@link Trainable.loss} declared, by name. */
  readonly values: Record<string, InputData>;
  /** Whether a running statistic must not change, because the batch has no images for it. */
  readonly keepsStatistics?: (name: string) => boolean;
}

/** A model and its objective, on batches of type `B`. */
export interface Trainable<B> {
  /** Requests every parameter from a declaring scope. */
  declare(scope: Scope): void;
  /** Declares the inputs of a step and builds its objective: `loss`, a scalar, and other scalars to log. */
  loss(scope: Scope): { readonly loss: Tensor; readonly [metric: string]: Tensor };
  /** The inputs for a batch. */
  inputs(batch: B, settings: StepSettings): StepInputs;
}

/** Options of {@link createStepTrainer}. */
export interface StepTrainerOptions {
  /** Seed of the initial parameters and of all randomness in the steps. */
  readonly seed: number;
  /** Epsilon of the default optimiser, 1e-8 by default. */
  readonly epsilon?: number;
  /** Largest norm of the gradient for the default optimiser, to which larger ones are scaled down; none by default. */
  readonly maxNorm?: number;
  /** The optimiser, instead of Adam; the learning rate is that of each step's settings. */
  readonly optimizer?: Optimizer;
  /** How feature maps and their gradients are stored, `f32` by default; see `CompileOptions.precision`. */
  readonly precision?: Precision;
  /** Keep the last step's gradients, for {@link StepTrainer.readGradients}. */
  readonly keepGradients?: boolean;
  /** Look for NaN and infinity in every op's results; see `CompileOptions.checkNumerics`. Slow. */
  readonly checkNumerics?: boolean;
  /** Called with the memory of the training program before any is allocated. */
  readonly onPlan?: (memory: ProgramMemory) => void;
}

/**
 * Allocates and initialises a model's parameters and compiles its training step.
 *
 * @throws {OutOfMemoryError} before anything is allocated, if that can be known.
 */
export async function createStepTrainer<B>(
  device: Device,
  options: StepTrainerOptions & { readonly model: Trainable<B> },
): Promise<StepTrainer<B>> {
  const { model, seed, precision = "f32", checkNumerics = false, keepGradients = false, onPlan } = options;
  const specs = declareParameters((scope) => model.declare(scope));
  const state = TrainingState.create(device, { specs, seed, optimizer: optimizerOf(options), precision });
  try {
    const program = await compile(
      device,
      () => {
        const { metrics, gradient } = buildStep(model, state);
        return { metrics, ...(keepGradients ? { outputs: { gradient: gradient() } } : {}) };
      },
      { name: "training step", checkNumerics, precision, ...(onPlan ? { onPlan } : {}) },
    );
    return new StepTrainer(device, model, state, program, options);
  } catch (error) {
    state[Symbol.dispose]();
    throw error;
  }
}

/** Builds the graph of a training step: the model's objective, its gradients and the optimiser's update. */
export function buildStep<B>(
  model: Trainable<B>,
  state: TrainingState,
): { metrics: Record<string, Tensor>; gradient: () => Tensor } {
  const terms = model.loss(Scope.bound(state.parameters.source, { training: true }));
  const { gradient, metrics } = state.minimize(terms.loss);
  return { metrics: { ...terms, ...metrics }, gradient };
}

/** A model in training, made by {@link createStepTrainer}. Dispose of it to free its memory. */
export class StepTrainer<B> implements Disposable {
  /** Use {@link createStepTrainer}. */
  constructor(
    readonly device: Device,
    private readonly model: Trainable<B>,
    private readonly state: TrainingState,
    private readonly program: Program,
    private readonly options: StepTrainerOptions,
  ) {}

  /** The model's parameters and running statistics. */
  get parameters(): Parameters {
    return this.state.parameters;
  }

  /** GPU memory of the training step. */
  get memory(): ProgramMemory {
    return this.program.memory;
  }

  /** Number of dispatches a step. */
  get dispatchCount(): number {
    return this.program.dispatchCount;
  }

  /** Does one step without waiting for the GPU; read the metrics at least every 1,024 steps. */
  step(batch: B, settings: StepSettings): void {
    const inputs = this.model.inputs(batch, settings);
    const run = () => this.program.run(...this.#given(inputs, settings));
    if (inputs.keepsStatistics) this.parameters.preserveStatistics(inputs.keepsStatistics, run);
    else run();
  }

  /**
   * Does one step on a batch without missing views, and returns the GPU time of each dispatch.
   *
   * @throws {TypeError} if the adapter does not support timestamps.
   */
  profile(batch: B, settings: StepSettings): Promise<ProfileEntry[]> {
    return this.program.profile(...this.#given(this.model.inputs(batch, settings), settings));
  }

  /**
   * The metrics of every step since the last call: `loss`, `gradientNorm` (of the unscaled loss), the other metrics of
   * the model, and with precision `f16` also `lossScale`.
   *
   * @throws {NonFiniteError} for a trainer with `checkNumerics`, naming the first op whose result is not finite.
   */
  readMetrics(): Promise<MetricsEntry[]> {
    return this.program.readMetrics();
  }

  /**
   * Gradients of the last step by parameter, in files' layouts.
   *
   * @throws {RangeError} for a trainer without `keepGradients`.
   */
  async readGradients(): Promise<Map<string, HostTensor>> {
    const [slab] = await this.program.read("gradient");
    return this.parameters.fromSlab(slab!);
  }

  /** The whole state, in files' layouts: the model's state_dict and the optimiser's moments. */
  read(): Promise<Map<string, HostTensor>> {
    return this.state.read();
  }

  /**
   * Restores a state from {@link read}. Without the optimiser's tensors (a state_dict from elsewhere) its moments
   * start at zero.
   *
   * @throws {RangeError} naming what is missing, unknown or of another shape.
   */
  write(state: ReadonlyMap<string, HostTensor>): void {
    this.state.write(state);
  }

  /** Frees the GPU memory. */
  [Symbol.dispose](): void {
    this.program[Symbol.dispose]();
    this.state[Symbol.dispose]();
  }

  /** Arguments of the program's run. */
  #given({ values }: StepInputs, settings: StepSettings): [Record<string, InputData>, RunOptions] {
    const { step, learningRate } = settings;
    const { optimizer } = this.state;
    return [{ ...values, ...optimizer.inputs({ step, learningRate }) }, { step, seed: this.options.seed }];
  }
}

/** The optimiser of a trainer: the one given, or Adam. */
export function optimizerOf({ optimizer, epsilon, maxNorm }: StepTrainerOptions): Optimizer {
  if (optimizer) return optimizer;
  return adam({
    ...(epsilon === undefined ? {} : { epsilon }),
    ...(maxNorm === undefined ? {} : { maxNorm }),
  });
}
