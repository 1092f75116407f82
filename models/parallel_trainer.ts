/**
 * Data-parallel training: several processes (ranks), each with a device, do a step on their parts of one batch.
 *
 * A step is two programs. The first computes the gradient of the rank's own part; then the ranks add up their
 * gradients, which are one slab; the second program updates the parameters with the mean, which is the same on every
 * rank. The parameters therefore stay equal, and with one rank they equal those of {@link StepTrainer} bit for bit.
 *
 * With `accumulate`, a rank computes on the micro-batches of its part one after another and adds up their gradients
 * before the ranks exchange them, once a step.
 *
 * Batch norm normalises each rank's part by its own statistics, as PyTorch's DistributedDataParallel does by default.
 * The running statistics are averaged in every step, so that they do not depend on when a checkpoint is written.
 *
 * @module
 */
import {
  accumulate,
  accumulateInput,
  type BufferPart,
  compile,
  createState,
  type Device,
  type InputData,
  type MetricsEntry,
  mul,
  pack,
  type Program,
  type ProgramMemory,
  Readback,
  reshape,
  stack,
  type State,
} from "../runtime/mod.ts";
import { AverageProgram } from "./step_programs.ts";
import { TrainingState } from "./training_state.ts";
import { declareParameters, type HostTensor, type Parameters } from "./layers/parameters.ts";
import { Scope } from "./layers/scope.ts";
import {
  optimizerOf,
  randomStep,
  requireMicroBatches,
  type StepSettings,
  type StepTrainerOptions,
  type Trainable,
} from "./trainable.ts";

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
 * Allocates and initialises a model's parameters and compiles its two programs.
 *
 * @param options.model The model on a rank's part of a batch, or on a micro-batch of it.
 * @throws {OutOfMemoryError} before anything is allocated, if that can be known.
 */
export async function createParallelTrainer<B>(
  device: Device,
  options: StepTrainerOptions & { readonly model: Trainable<B>; readonly ranks: Ranks },
): Promise<ParallelTrainer<B>> {
  const { model, ranks, seed, precision = "f32", checkNumerics = false, average } = options;
  const state = TrainingState.create(device, {
    specs: declareParameters((scope) => model.declare(scope)),
    seed,
    optimizer: optimizerOf(options),
    precision,
    average,
  });
  const owned: Disposable[] = [state];
  try {
    const gradient = await GradientProgram.create(device, { model, state, options });
    owned.push(gradient);
    const summed = createState(device, { name: "sum of gradients", shape: [state.parameters.trained.whole.size] });
    owned.push(summed);
    const update = await compile(device, () => {
      const mean = ranks.size === 1 ? summed.tensor : mul(summed.tensor, 1 / ranks.size);
      return { metrics: { ...state.apply(mean) } };
    }, { name: "update of a training step", checkNumerics });
    owned.push(update);
    const averaging = await AverageProgram.create(device, state);
    return new ParallelTrainer({ device, model, state, gradient, summed, update, averaging, options });
  } catch (error) {
    for (const each of owned.reverse()) each[Symbol.dispose]();
    throw error;
  }
}

/** The program that computes the gradient of a rank's part of a batch, over its micro-batches. */
class GradientProgram implements Disposable {
  private constructor(
    readonly program: Program,
    /** Names of the scalars that the model logs. */
    readonly metrics: readonly string[],
    /** The gradient and the scalars: outputs of the program, or totals over the micro-batches. */
    readonly results: readonly [gradient: BufferPart, terms: BufferPart],
    /** Micro-batches of a step. */
    readonly of: number,
    private readonly totals: readonly State[],
  ) {}

  static async create<B>(
    device: Device,
    { model, state, options }: { model: Trainable<B>; state: TrainingState; options: StepTrainerOptions },
  ): Promise<GradientProgram> {
    const { precision = "f32", compute = "f32", checkNumerics = false, onPlan } = options;
    const of = requireMicroBatches(options);
    const metrics: string[] = [];
    const totals: State[] = [];
    try {
      const program = await compile(device, () => {
        const terms = model.loss(Scope.bound(state.parameters.source, { training: true }));
        metrics.splice(0, Infinity, ...Object.keys(terms));
        const scalars = stack(Object.values(terms).map((term) => reshape(term, [1])), 0);
        const gradient = state.gradient(terms.loss);
        if (of === 1) return { outputs: { gradient, terms: scalars } };
        for (const values of [gradient, pack([scalars])]) {
          const total = createState(device, { name: "sum over micro-batches", shape: values.shape });
          totals.push(total);
          accumulate(total, values);
        }
        return {};
      }, { name: "gradient of a training step", checkNumerics, precision, compute, ...(onPlan ? { onPlan } : {}) });
      const partOf = ({ buffer, size }: State): BufferPart => ({ buffer, offset: 0, bytes: size * 4 });
      const results: [BufferPart, BufferPart] = of === 1
        ? [program.output("gradient"), program.output("terms")]
        : [partOf(totals[0]!), { ...partOf(totals[1]!), bytes: metrics.length * 4 }];
      return new GradientProgram(program, metrics, results, of, totals);
    } catch (error) {
      for (const total of totals) total[Symbol.dispose]();
      throw error;
    }
  }

  /** The input that a micro-batch needs besides the model's. */
  inputOf(micro: number): Record<string, InputData> {
    return this.of === 1 ? {} : accumulateInput(micro, this);
  }

  [Symbol.dispose](): void {
    for (const owned of [this.program, ...this.totals]) owned[Symbol.dispose]();
  }
}

/** The parts of a {@link ParallelTrainer}. */
interface Parts<B> {
  readonly device: Device;
  readonly model: Trainable<B>;
  readonly state: TrainingState;
  readonly gradient: GradientProgram;
  /** The sum of all ranks' gradients. */
  readonly summed: State;
  readonly update: Program;
  readonly averaging: AverageProgram | undefined;
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
    const [slab, terms] = gradient.results;
    const sources: BufferPart[] = [slab, {
      buffer: statistics.whole.buffer,
      offset: 0,
      bytes: statistics.whole.size * 4,
    }, terms];
    this.#lengths = [slab.bytes / 4, statistics.whole.size, gradient.metrics.length];
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

  /** What the model is to be evaluated with: the average if one is kept, else {@link parameters}. */
  get evaluated(): Parameters {
    return this.#parts.state.evaluated;
  }

  /** GPU memory of the program that computes gradients. */
  get memory(): ProgramMemory {
    return this.#parts.gradient.program.memory;
  }

  /** Number of dispatches a step. */
  get dispatchCount(): number {
    const { gradient, update, averaging } = this.#parts;
    return gradient.of * gradient.program.dispatchCount + update.dispatchCount + (averaging?.dispatchCount ?? 0);
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
    const { gradient, summed, update, averaging, state: { optimizer, parameters } } = this.#parts;
    const { ranks, seed } = this.#parts.options;
    const { step, learningRate } = settings;
    await this.#computeGradient(batch, settings);
    await this.#readback.read();
    const { data } = this.#readback;
    data[data.length - 1] = options.stop ? 1 : 0;
    await ranks.sum(data);
    const [slab, statistics, terms] = this.#split(data);
    for (const values of [statistics, terms]) for (let i = 0; i < values.length; i++) values[i]! /= ranks.size;
    summed.write(slab);
    if (ranks.size > 1) parameters.statistics.whole.write(statistics);
    update.run(optimizer.inputs({ step, learningRate }), { step, seed });
    averaging?.run(step);
    this.#logged.push({ step, values: Object.fromEntries(gradient.metrics.map((name, i) => [name, terms[i]!])) });
    this.#stopped = data[data.length - 1]! > 0;
  }

  /** The metrics of every step since the last call, means over the ranks; see `StepTrainer.readMetrics()`. */
  async readMetrics(): Promise<MetricsEntry[]> {
    const logged = this.#logged;
    this.#logged = [];
    const norms = await this.#parts.update.readMetrics();
    return logged.map(({ step, values }, i) => ({ step, values: { ...values, ...norms[i]!.values } }));
  }

  /** The whole state, in files' layouts: the model's state_dict, the optimiser's moments and the average. */
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
    const { averaging, update, summed, gradient, state } = this.#parts;
    for (const owned of [averaging, update, summed, gradient, state]) owned?.[Symbol.dispose]();
  }

  /** Runs the model on each micro-batch of this rank's part. */
  async #computeGradient(batch: B, settings: StepSettings): Promise<void> {
    const { model, gradient, state: { parameters } } = this.#parts;
    const { ranks, seed, checkNumerics } = this.#parts.options;
    for (let micro = 0; micro < gradient.of; micro++) {
      const { values, keepsStatistics } = model.inputs(batch, settings, { index: micro, of: gradient.of });
      const step = randomStep(settings.step, ranks.rank * gradient.of + micro);
      const run = () => gradient.program.run({ ...values, ...gradient.inputOf(micro) }, { step, seed });
      if (keepsStatistics) parameters.preserveStatistics(keepsStatistics, run);
      else run();
      if (checkNumerics) await gradient.program.checkNumerics();
    }
  }

  /** The gradient, the running statistics and the metrics in what the ranks exchanged. */
  #split(data: Float32Array): [Float32Array, Float32Array, Float32Array] {
    const [slab, statistics, terms] = this.#lengths;
    const [second, third] = [slab, slab + statistics];
    return [data.subarray(0, second), data.subarray(second, third), data.subarray(third, third + terms)];
  }
}
