/**
 * What a trainer needs of an optimiser: its state, its update as part of a step, and the inputs of each step.
 *
 * @module
 */
import type { Slab } from "../graph/state.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { LossScale } from "./loss_scale.ts";
import type { Schedule } from "./schedules.ts";

/** The operands of {@link Optimizer.update}: slabs of equal layout. */
export interface OptimizerOperands {
  /** The parameters, updated in place. */
  readonly parameters: Slab;
  /** The optimiser's state, one slab for each of {@link Optimizer.moments}, initially zero. */
  readonly moments: readonly Slab[];
  /** The gradient, made by `pack()` from the parameters' gradients in the slab's order. */
  readonly gradient: Tensor;
  /** The scale of the loss whose gradient this is; see `createLossScale()`. */
  readonly lossScale?: LossScale;
}

/** An optimiser with its settings, made by `adam()` or `sgd()`. It holds no memory of its own. */
export interface Optimizer {
  /** Name, and prefix of its inputs' names. */
  readonly name: string;
  /** The learning rate of its settings at a step, from 0. */
  readonly learningRate: Schedule;
  /** Names of the slabs of its state, as in files: `exp_avg`, for example. */
  readonly moments: readonly string[];
  /**
   * Adds a step to the program under construction; the program then needs {@link Optimizer.inputs}.
   *
   * @returns The global norm of the gradient before clipping, a scalar; Inf or NaN means that the step was skipped.
   */
  update(operands: OptimizerOperands): Tensor;
  /**
   * The inputs of a step.
   *
   * @param options.step Number of the step, from 0.
   * @param options.learningRate Replaces the learning rate of the settings.
   * @throws {RangeError} naming a setting that is out of its range.
   */
  inputs(options: { readonly step: number; readonly learningRate?: number }): Record<string, Float32Array>;
}

/** The learning rate of a step: a constant, or a function of the step (from 0). */
export type LearningRate = number | Schedule;

/** A learning rate as a schedule. */
export function scheduleOf(learningRate: LearningRate): Schedule {
  return typeof learningRate === "number" ? () => learningRate : learningRate;
}
