/**
 * Data-parallel training: several processes (ranks), each with a device, do a step on their parts of one batch.
 *
 * A step is two programs. The first computes the gradient of the rank's own part; then the ranks add up their
 * gradients, which are one slab; the second program updates the parameters with the mean, which is the same on every
 * rank. The parameters therefore stay equal, and with one rank they equal those of {@link StepTrainer} bit for bit.
 *
 * Batch norm normalises each rank's part by its own statistics, as PyTorch's DistributedDataParallel does by default.
 * The running statistics are averaged in every step, so that they do not depend on when a checkpoint is written.
 *
 * @module
 */
import {
  type BufferPart,
  compile,
  createState,
  type Device,
  type MetricsEntry,
  mul,
  type Program,
  type ProgramMemory,
  Readback,
  reshape,
  stack,
  type State,
} from "../runtime/mod.ts";
import { TrainingState } from "./training_state.ts";
import { declareParameters, type HostTensor, type Parameters } from "./layers/parameters.ts";
import { Scope } from "./layers/scope.ts";
import { optimizerOf, type StepSettings, type StepTrainerOptions, type Trainable } from "./trainer.ts";

/** The processes that train one model together. */
export interface Ranks {
  /** Number of this process, from 0. */
  readonly rank: number;
  /** Number of processes. */
  readonly size: number;
  /**
   * Replaces the values by their sums over all ranks, which call this together. The sums have the same bits on every
   * rank.
   */
  sum(values: Float32Array<ArrayBuffer>): Promise<void>;
}

/**
 * The number of a step's random numbers on a rank: rank 0 draws what a single process draws, other ranks draw other
 * numbers. The rank is the upper half of the 64-bit counter.
 */
function randomStep(step: number, rank: number): number {
  return step + rank * 2 ** 32;
}

/**
 * Allocates and initialises a model's parameters and compiles its two programs.
 *
 * @param options.model The model on a rank's part of a batch.
 * @throws {OutOfMemoryError} before anything is allocated, if that can be known.
 */
export async function createParallelTrainer<B>(
  device: Device,
  options: StepTrainerOptions & { readonly model: Trainable<B>; readonly ranks: Ranks },
): Promise<ParallelTrainer<B>> {
  const { model, ranks, seed, precision = "f32", checkNumerics = false, onPlan } = options;
  const state = TrainingState.create(device, {
    specs: declareParameters((scope) => model.declare(scope)),
    seed,
    optimizer: optimizerOf(options),
    precision,
  });
  const owned: Disposable[] = [state];
  try {
    const metrics: string[] = [];
    const gradient = await compile(device, () => {
      const terms = model.loss(Scope.bound(state.parameters.source, { training: true }));
      metrics.push(...Object.keys(terms));
      const scalars = stack(Object.values(terms).map((term) => reshape(term, [1])), 0);
      return { outputs: { gradient: state.gradient(terms.loss), terms: scalars } };
    }, { name: "gradient of a training step", checkNumerics, precision, ...(onPlan ? { onPlan } : {}) });
    owned.push(gradient);
    const summed = createState(device, { name: "sum of gradients", shape: [state.parameters.trained.whole.size] });
    owned.push(summed);
    const update = await compile(device, () => {
      const mean = ranks.size === 1 ? summed.tensor : mul(summed.tensor, 1 / ranks.size);
      return { metrics: { ...state.apply(mean) } };
    }, { name: "update of a training step", checkNumerics });
    owned.push(update);
    return new ParallelTrainer({ device, model, state, gradient, summed, update, metrics, options });
  } catch (error) {
    for (const each of owned.reverse()) each[Symbol.dispose]();
    throw error;
  }
}

/** The parts of a {@link ParallelTrainer}. */
interface Parts<B> {
  readonly device: Device;
  readonly model: Trainable<B>;
  readonly state: TrainingState;
  readonly gradient: Program;
  /** The sum of all ranks' gradients. */
  readonly summed: State;
  readonly update: Program;
  /** Names of the scalars that the model logs. */
  readonly metrics: readonly string[];
  readonly options: StepTrainerOptions & { readonly ranks: Ranks };
}

/** A model in training on several ranks, made by {@link createParallelTrainer}. Dispose of it to free its memory. */
export class ParallelTrainer<B> implements Disposable {
  readonly #parts: Parts<B>;
  readonly #readback: Readback;
  /** Lengths of the gradient, the running statistics and the metrics. */
  readonly #lengths: readonly [number, number, number];
  #logged: { step: number; values: Record<string, number> }[] = [];
  #stopped = false;

  /** @internal Use {@link createParallelTrainer}. */
  constructor(parts: Parts<B>) {
    this.#parts = parts;
    const { device, gradient, state: { parameters: { statistics } } } = parts;
    const sources: BufferPart[] = [gradient.output("gradient"), {
      buffer: statistics.whole.buffer,
      offset: 0,
      bytes: statistics.whole.size * 4,
    }, gradient.output("terms")];
    this.#lengths = [sources[0]!.bytes / 4, statistics.whole.size, parts.metrics.length];
    // One more value says whether any rank was asked to stop.
    this.#readback = new Readback(device, sources, { extra: 1 });
  }

  /** The device that it runs on. */
  get device(): Device {
    return this.#parts.device;
  }

  /** The model's state on the GPU. */
  get parameters(): Parameters {
    return this.#parts.state.parameters;
  }

  /** GPU memory of the program that computes gradients. */
  get memory(): ProgramMemory {
    return this.#parts.gradient.memory;
  }

  /** Number of dispatches a step. */
  get dispatchCount(): number {
    return this.#parts.gradient.dispatchCount + this.#parts.update.dispatchCount;
  }

  /** Number of values that the ranks exchange in a step. */
  get exchanged(): number {
    return this.#readback.data.length;
  }

  /** Whether a rank was asked to stop before or during the last step; the same on every rank. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /**
   * Does one step with the other ranks, on this rank's part of the batch.
   *
   * @param options.stop Ask all ranks to stop after this step; see {@link stopped}.
   * @throws whatever {@link Ranks.sum} throws.
   */
  async step(batch: B, settings: StepSettings, options: { stop?: boolean } = {}): Promise<void> {
    const { model, gradient, summed, update, metrics, state: { optimizer, parameters } } = this.#parts;
    const { ranks, seed } = this.#parts.options;
    const { step, learningRate } = settings;
    const inputs = model.inputs(batch, settings);
    const run = () => gradient.run(inputs.values, { step: randomStep(step, ranks.rank), seed });
    if (inputs.keepsStatistics) parameters.preserveStatistics(inputs.keepsStatistics, run);
    else run();
    if (this.#parts.options.checkNumerics) await gradient.checkNumerics();
    await this.#readback.read();
    const { data } = this.#readback;
    data[data.length - 1] = options.stop ? 1 : 0;
    await ranks.sum(data);
    const [slab, statistics, terms] = this.#split(data);
    for (const values of [statistics, terms]) for (let i = 0; i < values.length; i++) values[i]! /= ranks.size;
    summed.write(slab);
    if (ranks.size > 1) parameters.statistics.whole.write(statistics);
    update.run(optimizer.inputs({ step, learningRate }), { step, seed });
    this.#logged.push({ step, values: Object.fromEntries(metrics.map((name, i) => [name, terms[i]!])) });
    this.#stopped = data[data.length - 1]! > 0;
  }

  /** The metrics of every step since the last call, means over the ranks; see `StepTrainer.readMetrics()`. */
  async readMetrics(): Promise<MetricsEntry[]> {
    const logged = this.#logged;
    this.#logged = [];
    const norms = await this.#parts.update.readMetrics();
    return logged.map(({ step, values }, i) => ({ step, values: { ...values, ...norms[i]!.values } }));
  }

  /** The whole state, in files' layouts: the model's state_dict and the optimiser's moments. */
  read(): Promise<Map<string, HostTensor>> {
    return this.#parts.state.read();
  }

  /** Restores a state from {@link read}; see `StepTrainer.write()`. */
  write(state: ReadonlyMap<string, HostTensor>): void {
    this.#parts.state.write(state);
  }

  /** Frees its memory. */
  [Symbol.dispose](): void {
    this.#readback[Symbol.dispose]();
    for (const owned of [this.#parts.update, this.#parts.summed, this.#parts.gradient, this.#parts.state]) {
      owned[Symbol.dispose]();
    }
  }

  /** The gradient, the running statistics and the metrics in what the ranks exchanged. */
  #split(data: Float32Array): [Float32Array, Float32Array, Float32Array] {
    const [slab, statistics, terms] = this.#lengths;
    const [second, third] = [slab, slab + statistics];
    return [data.subarray(0, second), data.subarray(second, third), data.subarray(third, third + terms)];
  }
}
