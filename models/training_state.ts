/**
 * The complete training state: parameters and the optimiser's moments.
 *
 * @module
 */
import {
  adam,
  type AverageSettings,
  createLossScale,
  createSlab,
  type Device,
  gradients,
  type LossScale,
  mul,
  type Optimizer,
  pack,
  type Precision,
  reciprocal,
  type Slab,
  type Tensor,
} from "../runtime/mod.ts";
import { type HostTensor, Parameters } from "./layers/parameters.ts";
import type { ParameterSpec } from "./layers/scope.ts";

const LOSS_SCALE = "optimizer.loss_scale";
/** Prefix of the averages' names in files. */
const AVERAGE = "optimizer.ema.";

/** The norm of a step's gradient and, with float16, the loss scale. */
export interface UpdateMetrics {
  readonly gradientNorm: Tensor;
  readonly lossScale?: Tensor;
}

/** Parameters with the optimiser's moments, with float16 the loss scale, and their moving average if one is kept. */
export class TrainingState implements Disposable {
  private constructor(
    readonly parameters: Parameters,
    readonly optimizer: Optimizer,
    private readonly moments: readonly Slab[],
    private readonly lossScale: LossScale | undefined,
    /** The average of parameters and running statistics. */
    readonly average: Parameters | undefined,
    /** How the average is kept. */
    readonly averaging: AverageSettings | undefined,
  ) {}

  /**
   * Allocates and initialises; equal seeds give equal parameters.
   *
   * @param options.optimizer Adam by default.
   * @param options.precision Of the program that {@link minimize} is called in, `f32` by default.
   * @param options.average How the moving average is kept; none is by default.
   */
  static create(
    device: Device,
    options: {
      specs: readonly ParameterSpec[];
      seed: number;
      optimizer?: Optimizer;
      precision?: Precision;
      average?: AverageSettings | undefined;
    },
  ): TrainingState {
    const { optimizer = adam(), average } = options;
    const parameters = Parameters.create(device, options);
    const entries = parameters.trained.states.map(({ name, shape }) => ({ name, shape }));
    const moments = optimizer.moments.map((name) => createSlab(device, { name, entries }));
    return new TrainingState(
      parameters,
      optimizer,
      moments,
      options.precision === "f16" ? createLossScale(device) : undefined,
      average && Parameters.create(device, options),
      average,
    );
  }

  /**
   * Adds the gradient of a loss and a step of the optimiser to the program that is being compiled.
   *
   * @returns The gradient, and as metrics its norm and, with float16, the loss scale of the step.
   */
  minimize(loss: Tensor): { gradient: () => Tensor; metrics: UpdateMetrics } {
    const gradient = this.gradient(loss);
    return { gradient: () => this.unscaled(gradient), metrics: this.apply(gradient) };
  }

  /** What {@link gradient} returned, without the loss scale. */
  unscaled(gradient: Tensor): Tensor {
    return this.lossScale ? mul(gradient, reciprocal(this.lossScale.tensor)) : gradient;
  }

  /** The gradient of a loss as one slab, with float16 multiplied by the loss scale. */
  gradient(loss: Tensor): Tensor {
    const scale = this.lossScale ? { scale: this.lossScale.tensor } : {};
    return pack(gradients(loss, this.parameters.tensors, scale));
  }

  /** Adds a step of the optimiser to the program that is being compiled, given what {@link gradient} returned. */
  apply(gradient: Tensor): UpdateMetrics {
    const { lossScale, moments, optimizer, parameters: { trained: parameters } } = this;
    if (!lossScale) return { gradientNorm: optimizer.update({ parameters, gradient, moments }) };
    const gradientNorm = optimizer.update({ parameters, gradient, moments, lossScale });
    return { gradientNorm, lossScale: lossScale.tensor };
  }

  /** The state that the model is to be evaluated with: the average, if one is kept. */
  get evaluated(): Parameters {
    return this.average ?? this.parameters;
  }

  /** The whole state, in files' layouts: the model's state_dict, the optimiser's moments and the average. */
  async read(): Promise<Map<string, HostTensor>> {
    const state = await this.parameters.read();
    for (const { whole, states } of this.moments) {
      const values = await whole.read();
      for (const { name, shape, offset, size } of states) {
        state.set(momentName(whole.name, name), { shape, data: values.slice(offset, offset + size) });
      }
    }
    if (this.lossScale) state.set(LOSS_SCALE, { shape: [2], data: await this.lossScale.state.read() });
    for (const [name, tensor] of await this.average?.read() ?? []) state.set(AVERAGE + name, tensor);
    return state;
  }

  /**
   * Restores a state that {@link read} gave. Without the optimiser's tensors (a state_dict from elsewhere) its moments
   * start at zero, and the average at the parameters.
   *
   * @throws {RangeError} naming what is missing, unknown or of another shape.
   */
  write(state: ReadonlyMap<string, HostTensor>): void {
    this.parameters.write(modelState(state));
    for (const { whole, states } of this.moments) {
      for (const moment of states) {
        const saved = state.get(momentName(whole.name, moment.name));
        moment.write(saved ? saved.data : new Float32Array(moment.size));
      }
    }
    this.lossScale?.state.write(state.get(LOSS_SCALE)?.data ?? this.lossScale.initial);
    this.average?.write(evaluatedState(state));
  }

  [Symbol.dispose](): void {
    for (const owned of [this.parameters, ...this.moments, this.lossScale, this.average]) owned?.[Symbol.dispose]();
  }
}

/** The name of a parameter's moment in files: `optimizer.exp_avg.NAME`. */
function momentName(moment: string, parameter: string): string {
  return `optimizer.${moment}.${parameter}`;
}

/** The model's part of a training state. */
export function modelState(state: ReadonlyMap<string, HostTensor>): Map<string, HostTensor> {
  return new Map([...state].filter(([name]) => !name.startsWith("optimizer.")));
}

/** The state that a model is evaluated with: the moving average of a training state, or its parameters without one. */
export function evaluatedState(state: ReadonlyMap<string, HostTensor>): Map<string, HostTensor> {
  const average = [...state].filter(([name]) => name.startsWith(AVERAGE));
  return average.length > 0
    ? new Map(average.map(([name, tensor]) => [name.slice(AVERAGE.length), tensor]))
    : modelState(state);
}
