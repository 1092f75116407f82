/**
 * The complete training state: parameters and the optimiser's moments.
 *
 * @module
 */
import {
  adam,
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

/** The norm of a step's gradient and, with float16, the loss scale. */
export interface UpdateMetrics {
  readonly gradientNorm: Tensor;
  readonly lossScale?: Tensor;
}

/** Parameters with the optimiser's moments, and with float16 the loss scale. */
export class TrainingState implements Disposable {
  private constructor(
    readonly parameters: Parameters,
    readonly optimizer: Optimizer,
    private readonly moments: readonly Slab[],
    private readonly lossScale: LossScale | undefined,
  ) {}

  /**
   * Allocates and initialises; equal seeds give equal parameters.
   *
   * @param options.optimizer Adam by default.
   * @param options.precision Of the program that {@link minimize} is called in, `f32` by default.
   */
  static create(
    device: Device,
    options: { specs: readonly ParameterSpec[]; seed: number; optimizer?: Optimizer; precision?: Precision },
  ): TrainingState {
    const { optimizer = adam() } = options;
    const parameters = Parameters.create(device, options);
    const entries = parameters.trained.states.map(({ name, shape }) => ({ name, shape }));
    const moments = optimizer.moments.map((name) => createSlab(device, { name, entries }));
    return new TrainingState(
      parameters,
      optimizer,
      moments,
      options.precision === "f16" ? createLossScale(device) : undefined,
    );
  }

  /**
   * Adds the gradient of a loss and a step of the optimiser to the program that is being compiled.
   *
   * @returns The gradient, and as metrics its norm and, with float16, the loss scale of the step.
   */
  minimize(loss: Tensor): { gradient: () => Tensor; metrics: UpdateMetrics } {
    const gradient = this.gradient(loss);
    const { lossScale } = this;
    return {
      gradient: () => lossScale ? mul(gradient, reciprocal(lossScale.tensor)) : gradient,
      metrics: this.apply(gradient),
    };
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

  /** The whole state, in files' layouts: the model's state_dict and the optimiser's moments. */
  async read(): Promise<Map<string, HostTensor>> {
    const state = await this.parameters.read();
    for (const { whole, states } of this.moments) {
      const values = await whole.read();
      for (const { name, shape, offset, size } of states) {
        state.set(momentName(whole.name, name), { shape, data: values.slice(offset, offset + size) });
      }
    }
    if (this.lossScale) state.set(LOSS_SCALE, { shape: [2], data: await this.lossScale.state.read() });
    return state;
  }

  /**
   * Restores a state that {@link read} gave. Without the optimiser's tensors (a state_dict from elsewhere) its moments
   * start at zero.
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
  }

  [Symbol.dispose](): void {
    for (const owned of [this.parameters, ...this.moments, this.lossScale]) owned?.[Symbol.dispose]();
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
