/**
 * What trainers need to know: the model with its objective, the settings of a step, and the trainers' options.
 *
 * @module
 */
import type {
  AverageSettings,
  ComputeType,
  InputData,
  Optimizer,
  Precision,
  ProgramMemory,
  Tensor,
} from "../runtime/mod.ts";
import { adam } from "../runtime/mod.ts";
import type { Scope } from "./layers/scope.ts";
import type { BatchPart } from "./methods/component_draw.ts";

/** Settings of one step. */
export interface StepSettings {
  /** Step number from 0; keys the random numbers. */
  readonly step: number;
  /** Learning rate of this step. */
  readonly learningRate: number;
  /** Weight of the divergence. */
  readonly beta: number;
  /** Weight of the standard normal prior in MMVM. */
  readonly alpha: number;
}

/** Inputs of one step. */
export interface StepInputs {
  /** Values of the inputs that {@link Trainable.loss} declared, by name. */
  readonly values: Record<string, InputData>;
  /** Whether a running statistic must not change, because the batch has no images for it. */
  readonly keepsStatistics?: (name: string) => boolean;
}

/** What {@link Trainable.evaluation} computes of a held-out batch. */
export interface EvaluationResults {
  /** The objective, and other scalars. */
  readonly metrics: { readonly loss: Tensor; readonly [metric: string]: Tensor };
  /** Tensors to read, by name. */
  readonly outputs: Readonly<Record<string, Tensor>>;
}

/** A model and its objective, on batches of type `B`. */
export interface Trainable<B> {
  /** Requests every parameter from a declaring scope. */
  declare(scope: Scope): void;
  /** Declares the inputs of a step and builds its objective: `loss`, a scalar, and other scalars to log. */
  loss(scope: Scope): { readonly loss: Tensor; readonly [metric: string]: Tensor };
  /** As {@link loss}, for held-out batches on a scope in evaluation mode; the scalars of {@link loss} by default. */
  evaluation?(scope: Scope): EvaluationResults;
  /**
   * The inputs for a batch.
   *
   * @param micro The micro-batch that is wanted, where steps are made of several equal ones, cut in order; a model
   * that disregards it cannot be trained with `accumulate`.
   * @throws {RangeError} if the batch cannot be cut.
   */
  inputs(batch: B, settings: StepSettings, micro?: BatchPart): StepInputs;
}

/** Options of all trainers. */
export interface StepTrainerOptions {
  /** Seed of the initial parameters and of all randomness in the steps. */
  readonly seed: number;
  /** Epsilon of the default optimiser, 1e-8 by default. */
  readonly epsilon?: number;
  /** Largest norm of the gradient for the default optimiser, to which larger ones are scaled down; none by default. */
  readonly maxNorm?: number;
  /** The optimiser, instead of Adam; the learning rate is that of each step's settings. */
  readonly optimizer?: Optimizer;
  /**
   * Micro-batches of a step, 1 by default: the model computes on one after another, and the optimiser uses the mean of
   * their gradients. Memory is that of one; batch norm normalises each by its own statistics, as in PyTorch.
   */
  readonly accumulate?: number;
  /** Keep an exponential moving average of parameters and running statistics; none by default. */
  readonly average?: AverageSettings | undefined;
  /** How feature maps and their gradients are stored, `f32` by default; see `CompileOptions.precision`. */
  readonly precision?: Precision;
  /** What products of training steps multiply, `f32` by default; see `CompileOptions.compute`. */
  readonly compute?: ComputeType;
  /** Keep the last step's gradients, for `StepTrainer.readGradients()`. */
  readonly keepGradients?: boolean;
  /** Look for NaN and infinity in every op's results; see `CompileOptions.checkNumerics`. Slow. */
  readonly checkNumerics?: boolean;
  /** Called with the memory of the training program before any is allocated. */
  readonly onPlan?: (memory: ProgramMemory) => void;
}

/** The optimiser of a trainer: the one given, or Adam. */
export function optimizerOf({ optimizer, epsilon, maxNorm }: StepTrainerOptions): Optimizer {
  if (optimizer) return optimizer;
  return adam({
    ...(epsilon === undefined ? {} : { epsilon }),
    ...(maxNorm === undefined ? {} : { maxNorm }),
  });
}

/**
 * Checks the number of micro-batches of a step.
 *
 * @throws {RangeError} unless it is a positive whole number.
 */
export function requireMicroBatches({ accumulate = 1 }: StepTrainerOptions): number {
  if (Number.isInteger(accumulate) && accumulate >= 1) return accumulate;
  throw new RangeError(`the micro-batches of a step must be a whole number from 1 up, got ${accumulate}`);
}

/**
 * The number of a step's random numbers for a part of its batch: part 0 draws what an undivided batch draws, other
 * parts draw other numbers. The part is the upper half of the 64-bit counter.
 */
export function randomStep(step: number, part: number): number {
  return step + part * 2 ** 32;
}
