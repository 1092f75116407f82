/**
 * The compiled programs of a step in one process: a single one for the whole step; or, for a step of several
 * micro-batches, one that adds up gradients and one that updates the parameters; and one that averages them.
 *
 * @module
 */
import {
  accumulate,
  accumulateInput,
  averageInto,
  averageRate,
  compile,
  createState,
  type Device,
  type InputData,
  type MetricsEntry,
  type ProfileEntry,
  type Program,
  type ProgramMemory,
  type State,
  type Tensor,
} from "../runtime/mod.ts";
import { Scope } from "./layers/scope.ts";
import { randomStep, requireMicroBatches, type StepTrainerOptions, type Trainable } from "./trainable.ts";
import type { TrainingState } from "./training_state.ts";

/** Runs of the metrics' ring buffer between two readings, in steps. */
const RING_STEPS = 1024;

/** A place in the training: a step, and one of its micro-batches. */
export interface MicroStep {
  /** Number of the step, from 0. */
  readonly step: number;
  /** Number of the micro-batch within the step, from 0. */
  readonly micro: number;
  /** Learning rate of the step. */
  readonly learningRate: number;
}

/** The programs of a step. */
export interface StepPrograms extends Disposable {
  /** GPU memory of the program with the model. */
  readonly memory: ProgramMemory;
  /** Number of dispatches a step. */
  readonly dispatchCount: number;
  /** Computes on a micro-batch, and after the last one updates the parameters. */
  run(values: Record<string, InputData>, at: MicroStep): void;
  /** Does what {@link run} does, and times each dispatch. */
  profile(values: Record<string, InputData>, at: MicroStep): Promise<ProfileEntry[]>;
  /** The metrics of every step since the last call. */
  readMetrics(): Promise<MetricsEntry[]>;
  /** The gradient of the last step, for `keepGradients`. */
  readGradient(): Promise<Float32Array>;
}

/**
 * Compiles the programs of a step.
 *
 * @throws {RangeError} unless the number of micro-batches is a positive whole number.
 */
export async function createStepPrograms<B>(
  device: Device,
  parts: { model: Trainable<B>; state: TrainingState; options: StepTrainerOptions },
): Promise<StepPrograms> {
  return requireMicroBatches(parts.options) === 1
    ? await WholeStep.create(device, parts)
    : await AccumulatedStep.create(device, parts);
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

type Parts<B> = Parameters<typeof createStepPrograms<B>>[1];

class WholeStep implements StepPrograms {
  private constructor(
    private readonly program: Program,
    private readonly state: TrainingState,
    private readonly seed: number,
  ) {}

  static async create<B>(device: Device, { model, state, options }: Parts<B>): Promise<WholeStep> {
    const { precision = "f32", compute = "f32", checkNumerics = false, keepGradients = false, onPlan, seed } = options;
    const program = await compile(
      device,
      () => {
        const { metrics, gradient } = buildStep(model, state);
        return { metrics, ...(keepGradients ? { outputs: { gradient: gradient() } } : {}) };
      },
      { name: "training step", checkNumerics, precision, compute, ...(onPlan ? { onPlan } : {}) },
    );
    return new WholeStep(program, state, seed);
  }

  get memory(): ProgramMemory {
    return this.program.memory;
  }

  get dispatchCount(): number {
    return this.program.dispatchCount;
  }

  run(values: Record<string, InputData>, at: MicroStep): void {
    this.program.run({ ...values, ...this.state.optimizer.inputs(at) }, { step: at.step, seed: this.seed });
  }

  profile(values: Record<string, InputData>, at: MicroStep): Promise<ProfileEntry[]> {
    return this.program.profile({ ...values, ...this.state.optimizer.inputs(at) }, { step: at.step, seed: this.seed });
  }

  readMetrics(): Promise<MetricsEntry[]> {
    return this.program.readMetrics();
  }

  async readGradient(): Promise<Float32Array> {
    const [slab] = await this.program.read("gradient");
    return slab!;
  }

  [Symbol.dispose](): void {
    this.program[Symbol.dispose]();
  }
}

class AccumulatedStep implements StepPrograms {
  private constructor(
    private readonly gradient: Program,
    private readonly update: Program,
    /** The mean of the micro-batches' gradients, once all have been added. */
    private readonly total: State,
    private readonly state: TrainingState,
    private readonly options: { seed: number; of: number },
  ) {}

  static async create<B>(device: Device, { model, state, options }: Parts<B>): Promise<AccumulatedStep> {
    const { precision = "f32", compute = "f32", checkNumerics = false, keepGradients = false, onPlan, seed } = options;
    const of = requireMicroBatches(options);
    const owned: Disposable[] = [];
    try {
      const total = createState(device, { name: "sum of gradients", shape: [state.parameters.trained.whole.size] });
      owned.push(total);
      const gradient = await compile(device, () => {
        const terms = model.loss(Scope.bound(state.parameters.source, { training: true }));
        accumulate(total, state.gradient(terms.loss));
        return { metrics: { ...terms } };
      }, {
        name: "gradient of a micro-batch",
        checkNumerics,
        precision,
        compute,
        ringCapacity: RING_STEPS * of,
        ...(onPlan ? { onPlan } : {}),
      });
      owned.push(gradient);
      const update = await compile(device, () => ({
        metrics: { ...state.apply(total.tensor) },
        ...(keepGradients ? { outputs: { gradient: state.unscaled(total.tensor) } } : {}),
      }), { name: "update of a training step", checkNumerics });
      return new AccumulatedStep(gradient, update, total, state, { seed, of });
    } catch (error) {
      for (const each of owned.reverse()) each[Symbol.dispose]();
      throw error;
    }
  }

  get memory(): ProgramMemory {
    return this.gradient.memory;
  }

  get dispatchCount(): number {
    return this.options.of * this.gradient.dispatchCount + this.update.dispatchCount;
  }

  run(values: Record<string, InputData>, at: MicroStep): void {
    const { seed, of } = this.options;
    const { step, micro } = at;
    this.gradient.run({ ...values, ...accumulateInput(micro, { of }) }, { step: randomStep(step, micro), seed });
    if (micro === of - 1) this.update.run(this.state.optimizer.inputs(at), { step, seed });
  }

  async profile(values: Record<string, InputData>, at: MicroStep): Promise<ProfileEntry[]> {
    const { seed, of } = this.options;
    const { step, micro } = at;
    const inputs = { ...values, ...accumulateInput(micro, { of }) };
    const times = await this.gradient.profile(inputs, { step: randomStep(step, micro), seed });
    if (micro < of - 1) return times;
    return [...times, ...await this.update.profile(this.state.optimizer.inputs(at), { step, seed })];
  }

  /** The model's metrics are means over the micro-batches. */
  async readMetrics(): Promise<MetricsEntry[]> {
    const { of } = this.options;
    const [terms, updates] = [await this.gradient.readMetrics(), await this.update.readMetrics()];
    return updates.map(({ step, values }, i) => ({
      step,
      values: { ...meanOf(terms.slice(i * of, (i + 1) * of)), ...values },
    }));
  }

  async readGradient(): Promise<Float32Array> {
    const [slab] = await this.update.read("gradient");
    return slab!;
  }

  [Symbol.dispose](): void {
    for (const owned of [this.update, this.gradient, this.total]) owned[Symbol.dispose]();
  }
}

function meanOf(entries: readonly MetricsEntry[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { values } of entries) {
    for (const [name, value] of Object.entries(values)) sums[name] = (sums[name] ?? 0) + value;
  }
  return Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / entries.length]));
}

/**
 * Moves the average of a model's state after every step.
 *
 * A program of its own: within the step's program the average would see the values from before the update, and running
 * statistics that are restored after a batch without a view.
 */
export class AverageProgram implements Disposable {
  private constructor(private readonly program: Program, private readonly state: TrainingState) {}

  /** Compiles the program; `undefined` for a state without an average. */
  static async create(device: Device, state: TrainingState): Promise<AverageProgram | undefined> {
    const { average, parameters } = state;
    if (!average) return undefined;
    const program = await compile(device, () => {
      averageInto(average.trained, parameters.trained);
      if (parameters.statistics.states.length > 0) averageInto(average.statistics, parameters.statistics);
      return {};
    }, { name: "average of the weights" });
    return new AverageProgram(program, state);
  }

  /** Number of dispatches a step. */
  get dispatchCount(): number {
    return this.program.dispatchCount;
  }

  /** Moves the average. */
  run(step: number): void {
    this.program.run(averageRate({ ...this.state.averaging!, step }), { step });
  }

  [Symbol.dispose](): void {
    this.program[Symbol.dispose]();
  }
}
