/**
 * Adam and AdamW: one dispatch for all parameters of a slab.
 *
 * D. P. Kingma, J. Ba: Adam (ICLR 2015). I. Loshchilov, F. Hutter: Decoupled weight decay regularization (ICLR 2019).
 *
 * {@link adam} makes the optimiser that a trainer takes. Its two halves, {@link update} and {@link hyperparameters},
 * are for programs of one's own:
 *
 * @example
 * ```ts
 * import { adam, compile, createSlab, Device, gradients, input, pack, square, sub, sum } from "../mod.ts";
 *
 * using device = await Device.open();
 * using parameters = createSlab(device, { name: "parameters", entries: [{ name: "w", shape: [3] }] });
 * using m = createSlab(device, { name: "m", entries: parameters.states });
 * using v = createSlab(device, { name: "v", entries: parameters.states });
 * using program = await compile(device, () => {
 *   const tensors = parameters.states.map((state) => state.tensor);
 *   const loss = sum(square(sub(tensors[0]!, input("target", { shape: [3] }))));
 *   const norm = adam.update({ parameters, m, v, gradient: pack(gradients(loss, tensors)) });
 *   return { metrics: { loss, norm } };
 * });
 * for (let step = 1; step <= 100; step++) {
 *   program.run({ target: Float32Array.of(1, 2, 3), ...adam.hyperparameters({ learningRate: 0.1, step }) });
 * }
 * ```
 *
 * @module
 */
import { lowerAdam } from "../kernels/optimizer/optimizer.ts";
import { input } from "../graph/leaf.ts";
import { apply, defineOp } from "../graph/op.ts";
import type { Op, Tensor } from "../graph/tensor.ts";
import type { Slab } from "../graph/state.ts";
import { adaptLossScale, type LossScale } from "./loss_scale.ts";
import { type LearningRate, type Optimizer, scheduleOf } from "./optimizer.ts";
import { clippingInput, type ClippingSettings, gradientNorm, requireSetting, requireSlabs } from "./gradient_norm.ts";
import { type DecayFilter, decayTensor } from "./weight_decay.ts";

/** The operands of {@link update}: slabs of equal layout. */
export interface AdamSlabs {
  /** The parameters, updated in place. */
  readonly parameters: Slab;
  /** Running mean of the gradient, initially zero. */
  readonly m: Slab;
  /** Running mean of the squared gradient, initially zero. */
  readonly v: Slab;
  /** The gradient, made by `pack()` from the parameters' gradients in the slab's order. */
  readonly gradient: Tensor;
  /** The scale of the loss whose gradient this is; see `loss_scale.ts`. */
  readonly lossScale?: LossScale;
  /** The parameters that weight decay applies to; all by default. */
  readonly decays?: DecayFilter | undefined;
  /** Prefix of the input names, to distinguish several optimisers in one program; `adam` by default. */
  readonly name?: string;
}

/** Hyperparameters, which may change at every step. */
export interface AdamSettings extends ClippingSettings {
  /** Learning rate, 0 or more. */
  readonly learningRate: number;
  /** Number of the step, from 1; the bias correction depends on it. */
  readonly step: number;
  /** 0.9 by default. */
  readonly beta1?: number;
  /** 0.999 by default. */
  readonly beta2?: number;
  /** 1e-8 by default. */
  readonly epsilon?: number;
  /** 0 by default. */
  readonly weightDecay?: number;
  /** Apply weight decay directly to the parameters (AdamW, the default) instead of adding it to the gradient (L2). */
  readonly decoupled?: boolean;
  /** The optimiser's name, as given to {@link update}. */
  readonly name?: string;
}

const HYPERPARAMETERS = 7;

/** Inputs: parameters, m, v, gradient, hyper, control, and the parameters that decay unless all do. */
const adamOp: Op<Record<string, never>> = defineOp({
  name: "adam",
  infer(inputs) {
    requireSlabs("adam", inputs.slice(0, 4));
    return [];
  },
  mutates: [0, 1, 2],
  lower: ({ inputs: [parameters, , , , , , decayed], target }) =>
    lowerAdam({ length: parameters!.shape[0]!, target, exempt: decayed !== undefined }),
});

/**
 * Adds a step of Adam to the program under construction: every run updates parameters and moments in place. The
 * program then needs the inputs returned by {@link hyperparameters}.
 *
 * @returns The global norm of the gradient before clipping, a scalar; Inf or NaN means that the step was skipped.
 * @throws {RangeError} unless the slabs and the gradient have the same layout.
 */
export function update(slabs: AdamSlabs): Tensor {
  const { parameters, m, v, gradient, lossScale, decays, name = "adam" } = slabs;
  requireSlabs("adam", [parameters.whole, m.whole, v.whole, gradient]);
  const { norm, control } = gradientNorm(gradient, {
    parameters,
    name,
    ...(lossScale ? { lossScale: lossScale.state.tensor } : {}),
  });
  const hyper = input(`${name}.hyper`, { shape: [HYPERPARAMETERS] });
  const decayed = decayTensor(parameters, decays);
  const moments = [m.whole.tensor, v.whole.tensor];
  apply(adamOp, [parameters.whole.tensor, ...moments, gradient, hyper, control, ...(decayed ? [decayed] : [])], {});
  if (lossScale) adaptLossScale(lossScale, control);
  return norm;
}

/**
 * The inputs of a step. Bias corrections are computed in float64, where 1 - beta^t does not cancel.
 *
 * @throws {RangeError} naming a setting that is out of its range.
 */
export function hyperparameters(settings: AdamSettings): Record<string, Float32Array> {
  const { learningRate, step, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0, decoupled = true } =
    settings;
  requireSetting("learningRate", { value: learningRate, low: 0 });
  requireSetting("beta1", { value: beta1, low: 0, high: 1 });
  requireSetting("beta2", { value: beta2, low: 0, high: 1 });
  requireSetting("epsilon", { value: epsilon, low: 0 });
  requireSetting("weightDecay", { value: weightDecay, low: 0 });
  if (!Number.isInteger(step) || step < 1) throw new RangeError(`step must be a whole number from 1 up, got ${step}`);
  const name = settings.name ?? "adam";
  return {
    [`${name}.hyper`]: Float32Array.of(
      learningRate / (1 - beta1 ** step),
      1 - beta1,
      1 - beta2,
      1 / Math.sqrt(1 - beta2 ** step),
      epsilon,
      decoupled ? 0 : weightDecay,
      decoupled ? learningRate * weightDecay : 0,
    ),
    [`${name}.limits`]: clippingInput(settings),
  };
}

/** Settings of {@link adam}. */
export interface AdamOptions extends Omit<AdamSettings, "step" | "learningRate"> {
  /** Learning rate, or a schedule of it; 1e-3 by default. */
  readonly learningRate?: LearningRate;
  /** The parameters that weight decay applies to: all by default, as in PyTorch; `weightsOnly` spares biases. */
  readonly decays?: DecayFilter | undefined;
}

/** {@link adam}, with its two halves for programs of one's own. */
export interface AdamFactory {
  (options?: AdamOptions): Optimizer;
  /** Adds a step to the program under construction. */
  readonly update: (slabs: AdamSlabs) => Tensor;
  /** The inputs of a step. */
  readonly hyperparameters: (settings: AdamSettings) => Record<string, Float32Array>;
}

/**
 * Adam, or with `weightDecay` AdamW, as an optimiser for `createTrainer()`.
 *
 * @example
 * ```ts
 * import { adam, schedules } from "../mod.ts";
 *
 * const optimizer = adam({ learningRate: schedules.cosine({ from: 1e-3, to: 0, steps: 10_000 }), maxNorm: 1 });
 * optimizer.inputs({ step: 0 }); // { "adam.hyper": ..., "adam.limits": ... }
 * ```
 */
export const adam: AdamFactory = Object.assign(create, { update, hyperparameters });

/**
 * AdamW: Adam with decoupled weight decay, 0.01 by default, as an optimiser for `createTrainer()`.
 *
 * @example
 * ```ts
 * import { adamw, weightsOnly } from "../mod.ts";
 *
 * adamw({ learningRate: 1e-3, weightDecay: 0.05, decays: weightsOnly });
 * ```
 */
export function adamw(options: Omit<AdamOptions, "decoupled"> = {}): Optimizer {
  return create({ weightDecay: 0.01, ...options, decoupled: true });
}

function create({ learningRate = 1e-3, decays, ...settings }: AdamOptions = {}): Optimizer {
  const { name = "adam", weightDecay = 0 } = settings;
  const schedule = scheduleOf(learningRate);
  const filter = weightDecay > 0 ? { decays } : {};
  const optimizer: Optimizer = {
    name,
    learningRate: schedule,
    moments: ["exp_avg", "exp_avg_sq"],
    update: ({ moments: [m, v], ...operands }) => update({ ...operands, ...filter, m: m!, v: v!, name }),
    inputs: ({ step, learningRate: given = schedule(step) }) =>
      hyperparameters({ ...settings, learningRate: given, step: step + 1 }),
  };
  // Settings that are out of their ranges are refused here, not at the first step.
  optimizer.inputs({ step: 0 });
  return optimizer;
}
