/**
 * What all trainers have in common, whatever they train.
 *
 * @module
 */
import type { MetricsEntry, ProgramMemory } from "../runtime/mod.ts";
import type { HostTensor, Parameters } from "./layers/parameters.ts";

/** What changes from step to step. */
export interface StepSettings {
  /** Step number from 0: keys the random numbers. */
  readonly step: number;
  readonly learningRate: number;
  readonly beta: number;
  readonly alpha: number;
}

/** A model in training on batches of type `B`. */
export interface Trainer<B> extends Disposable {
  readonly parameters: Parameters;
  /** GPU memory of the training step. */
  readonly memory: ProgramMemory;
  /** Number of dispatches a step. */
  readonly dispatchCount: number;
  /** Does one step. Does not wait for the GPU; read metrics every so many steps. */
  step(batch: B, settings: StepSettings): void;
  /** The metrics of every step since the last call, `loss` and `gradientNorm` among them. */
  readMetrics(): Promise<MetricsEntry[]>;
  /** The whole state, in files' layouts: the model's state_dict and the optimiser's moments. */
  read(): Promise<Map<string, HostTensor>>;
  /**
   * Restores a state that {@link read} gave. Without the optimiser's tensors (a state_dict from elsewhere) its moments start at zero.
   *
   * @throws {RangeError} naming what is missing, unknown or of another shape.
   */
  write(state: ReadonlyMap<string, HostTensor>): void;
}
