/**
 * The complete training state: parameters and Adam's moments.
 *
 * @module
 */
import {
  adam,
  createLossScale,
  createSlab,
  type Device,
  gradients,
  type InputData,
  type LossScale,
  mul,
  pack,
  type Precision,
  reciprocal,
  type Slab,
  type Tensor,
} from "../runtime/mod.ts";
import { type HostTensor, Parameters } from "./layers/parameters.ts";
import type { ParameterSpec } from "./layers/scope.ts";

const PREFIXES = { m: "optimizer.exp_avg.", v: "optimizer.exp_avg_sq." } as const;
const LOSS_SCALE = "optimizer.loss_scale";

/** The norm of a step's gradient and, with float16, the loss scale. */
export interface StepMetrics {
  readonly gradientNorm: Tensor;
  readonly lossScale?: Tensor;
}

/** Parameters with their first and second moments, and with float16 the loss scale. */
export class AdamState implements Disposable {
  private constructor(
    readonly parameters: Parameters,
    private readonly moments: { readonly m: Slab; readonly v: Slab },
    private readonly lossScale: LossScale | undefined,
  ) {}

  /**
   * Allocates and initialises; equal seeds give equal parameters.
   *
   * @param options.precision Of the program that {@link minimize} is called in, `f32` by default.
   */
  static create(
    device: Device,
    options: { specs: readonly ParameterSpec[]; seed: number; precision?: Precision },
  ): AdamState {
    const parameters = Parameters.create(device, options);
    const entries = parameters.trained.states.map(({ name, shape }) => ({ name, shape }));
    return new AdamState(parameters, {
      m: createSlab(device, { name: "first moments", entries }),
      v: createSlab(device, { name: "second moments", entries }),
    }, options.precision === "f16" ? createLossScale(device) : undefined);
  }

  /**
   * Adds the gradient of a loss and a step of Adam to the program that is being compiled.
   *
   * @returns The gradient, and as metrics its norm and, with float16, the loss scale of the step.
   */
  minimize(loss: Tensor): { gradient: () => Tensor; metrics: StepMetrics } {
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

  /** Adds a step of Adam to the program that is being compiled, given what {@link gradient} returned. */
  apply(gradient: Tensor): StepMetrics {
    const { lossScale, moments, parameters: { trained: parameters } } = this;
    if (!lossScale) return { gradientNorm: adam.update({ parameters, gradient, ...moments }) };
    const gradientNorm = adam.update({ parameters, gradient, ...moments, lossScale });
    return { gradientNorm, lossScale: lossScale.tensor };
  }

  /** The inputs of such a program at a step (from 0). */
  static inputs(
    options: { learningRate: number; step: number; epsilon?: number; maxNorm?: number },
  ): Record<string, InputData> {
    const { learningRate, step, epsilon = 1e-8, maxNorm } = options;
    return adam.hyperparameters({
      learningRate,
      step: step + 1,
      epsilon,
      ...(maxNorm === undefined ? {} : { maxNorm }),
    });
  }

  /** The whole state, in files' layouts: the model's state_dict and the optimiser's moments. */
  async read(): Promise<Map<string, HostTensor>> {
    const state = await this.parameters.read();
    for (const key of ["m", "v"] as const) {
      const whole = await this.moments[key].whole.read();
      for (const { name, shape, offset, size } of this.moments[key].states) {
        state.set(PREFIXES[key] + name, { shape, data: whole.slice(offset, offset + size) });
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
    for (const key of ["m", "v"] as const) {
      for (const moment of this.moments[key].states) {
        const saved = state.get(PREFIXES[key] + moment.name);
        moment.write(saved ? saved.data : new Float32Array(moment.size));
      }
    }
    this.lossScale?.state.write(state.get(LOSS_SCALE)?.data ?? this.lossScale.initial);
  }

  [Symbol.dispose](): void {
    for (const owned of [this.parameters, this.moments.m, this.moments.v, this.lossScale]) owned?.[Symbol.dispose]();
  }
}

/** The model's part of a training state. */
export function modelState(state: ReadonlyMap<string, HostTensor>): Map<string, HostTensor> {
  return new Map([...state].filter(([name]) => !name.startsWith("optimizer.")));
}
