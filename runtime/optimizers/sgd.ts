/**
 * Stochastic gradient descent with momentum: one dispatch for all parameters of a slab.
 *
 * velocity = momentum velocity + g; parameter -= rate velocity (or, with Nesterov's momentum, rate (g + momentum
 * velocity)). I. Sutskever, J. Martens, G. Dahl, G. Hinton: On the importance of initialization and momentum in deep
 * learning (ICML 2013), in PyTorch's form.
 *
 * @module
 */
import { lowerSgd } from "../kernels/optimizer/optimizer.ts";
import { input } from "../graph/leaf.ts";
import { apply, defineOp } from "../graph/op.ts";
import type { Op, Tensor } from "../graph/tensor.ts";
import type { Slab } from "../graph/state.ts";
import { adaptLossScale, type LossScale } from "./loss_scale.ts";
import { type LearningRate, type Optimizer, scheduleOf } from "./optimizer.ts";
import { clippingInput, type ClippingSettings, gradientNorm, requireSetting, requireSlabs } from "./gradient_norm.ts";
import { type DecayFilter, decayTensor } from "./weight_decay.ts";

/** The operands of {@link update}: slabs of equal layout. */
export interface SgdSlabs {
  /** The parameters, updated in place. */
  readonly parameters: Slab;
  /** Running sum of the gradients, initially zero. */
  readonly velocity: Slab;
  /** The gradient, made by `pack()` from the parameters' gradients in the slab's order. */
  readonly gradient: Tensor;
  /** The scale of the loss whose gradient this is; see `loss_scale.ts`. */
  readonly lossScale?: LossScale;
  /** Nesterov's momentum; false by default. */
  readonly nesterov?: boolean;
  /** The parameters that weight decay applies to; all by default. */
  readonly decays?: DecayFilter | undefined;
  /** Prefix of the input names, to distinguish several optimisers in one program; `sgd` by default. */
  readonly name?: string;
}

/** Hyperparameters, which may change at every step. */
export interface SgdSettings extends ClippingSettings {
  /** Learning rate, 0 or more. */
  readonly learningRate: number;
  /** 0 by default: plain gradient descent. */
  readonly momentum?: number;
  /** 0 by default. */
  readonly weightDecay?: number;
  /** Apply weight decay directly to the parameters instead of adding it to the gradient (L2, the default). */
  readonly decoupled?: boolean;
  /** The optimiser's name, as given to {@link update}. */
  readonly name?: string;
}

const HYPERPARAMETERS = 4;

/** Inputs: parameters, velocity, gradient, hyper, control, and the parameters that decay unless all do. */
const sgdOp: Op<{ nesterov: boolean }> = defineOp({
  name: "sgd",
  infer(inputs) {
    requireSlabs("sgd", inputs.slice(0, 3));
    return [];
  },
  mutates: [0, 1],
  lower: ({ inputs: [parameters, , , , , decayed], attributes, target }) =>
    lowerSgd({ length: parameters!.shape[0]!, ...attributes, target, exempt: decayed !== undefined }),
});

/**
 * Adds a step of gradient descent to the program under construction: every run updates parameters and velocity in
 * place. The program then needs the inputs returned by {@link hyperparameters}.
 *
 * @returns The global norm of the gradient before clipping, a scalar; Inf or NaN means that the step was skipped.
 * @throws {RangeError} unless the slabs and the gradient have the same layout.
 */
export function update(slabs: SgdSlabs): Tensor {
  const { parameters, velocity, gradient, lossScale, nesterov = false, decays, name = "sgd" } = slabs;
  requireSlabs("sgd", [parameters.whole, velocity.whole, gradient]);
  const { norm, control } = gradientNorm(gradient, {
    parameters,
    name,
    ...(lossScale ? { lossScale: lossScale.state.tensor } : {}),
  });
  const hyper = input(`${name}.hyper`, { shape: [HYPERPARAMETERS] });
  const decayed = decayTensor(parameters, decays);
  const operands = [parameters.whole.tensor, velocity.whole.tensor, gradient, hyper, control];
  apply(sgdOp, [...operands, ...(decayed ? [decayed] : [])], { nesterov });
  if (lossScale) adaptLossScale(lossScale, control);
  return norm;
}

/**
 * The inputs of a step.
 *
 * @throws {RangeError} naming a setting that is out of its range.
 */
export function hyperparameters(settings: SgdSettings): Record<string, Float32Array> {
  const { learningRate, momentum = 0, weightDecay = 0, decoupled = false, name = "sgd" } = settings;
  requireSetting("learningRate", { value: learningRate, low: 0 });
  requireSetting("momentum", { value: momentum, low: 0, high: 1 });
  requireSetting("weightDecay", { value: weightDecay, low: 0 });
  return {
    [`${name}.hyper`]: Float32Array.of(
      learningRate,
      momentum,
      decoupled ? 0 : weightDecay,
      decoupled ? learningRate * weightDecay : 0,
    ),
    [`${name}.limits`]: clippingInput(settings),
  };
}

/** Settings of {@link sgd}. */
export interface SgdOptions extends Omit<SgdSettings, "learningRate"> {
  /** Learning rate, or a schedule of it. */
  readonly learningRate: LearningRate;
  /** Nesterov's momentum; false by default. */
  readonly nesterov?: boolean;
  /** The parameters that weight decay applies to: all by default, as in PyTorch; `weightsOnly` spares biases. */
  readonly decays?: DecayFilter | undefined;
}

/** {@link sgd}, with its two halves for programs of one's own. */
export interface SgdFactory {
  (options: SgdOptions): Optimizer;
  /** Adds a step to the program under construction. */
  readonly update: (slabs: SgdSlabs) => Tensor;
  /** The inputs of a step. */
  readonly hyperparameters: (settings: SgdSettings) => Record<string, Float32Array>;
}

/** Gradient descent with momentum, as an optimiser for `createTrainer()`. */
export const sgd: SgdFactory = Object.assign(create, { update, hyperparameters });

function create({ learningRate, nesterov = false, decays, ...settings }: SgdOptions): Optimizer {
  const { name = "sgd", weightDecay = 0 } = settings;
  const filter = weightDecay > 0 ? { decays } : {};
  const schedule = scheduleOf(learningRate);
  const optimizer: Optimizer = {
    name,
    learningRate: schedule,
    moments: ["momentum_buffer"],
    update: ({ moments: [velocity], ...operands }) =>
      update({ ...operands, ...filter, velocity: velocity!, nesterov, name }),
    inputs: ({ step, learningRate: given = schedule(step) }) => hyperparameters({ ...settings, learningRate: given }),
  };
  // Settings that are out of their ranges are refused here, not at the first step.
  optimizer.inputs({ step: 0 });
  return optimizer;
}
