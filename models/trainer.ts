/**
 * Training a model: one compiled program that does a whole step, with its gradients and the optimiser; or several, for
 * steps of micro-batches and averages of the weights (`step_programs.ts`).
 *
 * A trainer is independent of files and data sets: it takes batches, and its state is read and written as plain
 * tensors. All randomness is keyed by (seed, step), so that training restored at a step continues bit for bit.
 *
 * @module
 */
import type { Device, MetricsEntry, ProfileEntry, ProgramMemory } from "../runtime/mod.ts";
import { TrainingState } from "./training_state.ts";
import { declareParameters, type HostTensor, type Parameters } from "./layers/parameters.ts";
import { AverageProgram, createStepPrograms, type StepPrograms } from "./step_programs.ts";
import { optimizerOf, type StepSettings, type StepTrainerOptions, type Trainable } from "./trainable.ts";

/**
 * Allocates and initialises a model's parameters and compiles its training step.
 *
 * @throws {OutOfMemoryError} before anything is allocated, if that can be known.
 */
export async function createStepTrainer<B>(
  device: Device,
  options: StepTrainerOptions & { readonly model: Trainable<B> },
): Promise<StepTrainer<B>> {
  const { model, seed, precision = "f32", average } = options;
  const specs = declareParameters((scope) => model.declare(scope));
  const state = TrainingState.create(device, { specs, seed, optimizer: optimizerOf(options), precision, average });
  const owned: Disposable[] = [state];
  try {
    const programs = await createStepPrograms(device, { model, state, options });
    owned.push(programs);
    const averaging = await AverageProgram.create(device, state);
    return new StepTrainer({ device, model, state, programs, averaging, options });
  } catch (error) {
    for (const each of owned.reverse()) each[Symbol.dispose]();
    throw error;
  }
}

/** The parts of a {@link StepTrainer}. */
interface Parts<B> {
  readonly device: Device;
  readonly model: Trainable<B>;
  readonly state: TrainingState;
  readonly programs: StepPrograms;
  readonly averaging: AverageProgram | undefined;
  readonly options: StepTrainerOptions;
}

/** A model in training, made by {@link createStepTrainer}. Dispose of it to free its memory. */
export class StepTrainer<B> implements Disposable {
  readonly #parts: Parts<B>;

  /** @internal Use {@link createStepTrainer}. */
  constructor(parts: Parts<B>) {
    this.#parts = parts;
  }

  /** The device that it runs on. */
  get device(): Device {
    return this.#parts.device;
  }

  /** The model's parameters and running statistics. */
  get parameters(): Parameters {
    return this.#parts.state.parameters;
  }

  /** What the model is to be evaluated with: the average if one is kept, else {@link parameters}. */
  get evaluated(): Parameters {
    return this.#parts.state.evaluated;
  }

  /** GPU memory of the training step. */
  get memory(): ProgramMemory {
    return this.#parts.programs.memory;
  }

  /** Number of dispatches a step. */
  get dispatchCount(): number {
    return this.#parts.programs.dispatchCount + (this.#parts.averaging?.dispatchCount ?? 0);
  }

  /**
   * Does one step without waiting for the GPU; read the metrics at least every 1,024 steps.
   *
   * @throws {RangeError} if the batch cannot be cut into the micro-batches of a step.
   */
  step(batch: B, settings: StepSettings): void {
    const { model, programs, averaging, options: { accumulate = 1 } } = this.#parts;
    for (let micro = 0; micro < accumulate; micro++) {
      const inputs = model.inputs(batch, settings, { index: micro, of: accumulate });
      const run = () => programs.run(inputs.values, { ...settings, micro });
      if (inputs.keepsStatistics) this.parameters.preserveStatistics(inputs.keepsStatistics, run);
      else run();
    }
    averaging?.run(settings.step);
  }

  /**
   * Does one step on a batch without missing views, and returns the GPU time of each dispatch.
   *
   * @throws {TypeError} if the adapter does not support timestamps.
   */
  async profile(batch: B, settings: StepSettings): Promise<ProfileEntry[]> {
    const { model, programs, options: { accumulate = 1 } } = this.#parts;
    const entries: ProfileEntry[] = [];
    for (let micro = 0; micro < accumulate; micro++) {
      const { values } = model.inputs(batch, settings, { index: micro, of: accumulate });
      entries.push(...await programs.profile(values, { ...settings, micro }));
    }
    return entries;
  }

  /**
   * The metrics of every step since the last call: `loss`, `gradientNorm` (of the unscaled loss), the other metrics of
   * the model, and with precision `f16` also `lossScale`. Those of the model are means over a step's micro-batches.
   *
   * @throws {NonFiniteError} for a trainer with `checkNumerics`, naming the first op whose result is not finite.
   */
  readMetrics(): Promise<MetricsEntry[]> {
    return this.#parts.programs.readMetrics();
  }

  /**
   * Gradients of the last step by parameter, in files' layouts.
   *
   * @throws {RangeError} for a trainer without `keepGradients`.
   */
  async readGradients(): Promise<Map<string, HostTensor>> {
    return this.parameters.fromSlab(await this.#parts.programs.readGradient());
  }

  /** The whole state, in files' layouts: the model's state_dict, the optimiser's moments and the average. */
  read(): Promise<Map<string, HostTensor>> {
    return this.#parts.state.read();
  }

  /**
   * Restores a state from {@link read}. Without the optimiser's tensors (a state_dict from elsewhere) its moments
   * start at zero, and the average at the parameters.
   *
   * @throws {RangeError} naming what is missing, unknown or of another shape.
   */
  write(state: ReadonlyMap<string, HostTensor>): void {
    this.#parts.state.write(state);
  }

  /** Frees the GPU memory. */
  [Symbol.dispose](): void {
    const { averaging, programs, state } = this.#parts;
    for (const owned of [averaging, programs, state]) owned?.[Symbol.dispose]();
  }
}
