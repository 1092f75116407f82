/**
 * The settings of a run's optimiser: part of {@link RUN_SETTINGS} in `run_settings.ts`.
 *
 * @module
 */
import { choice, flag, integer, number } from "../../base/setting.ts";
import { optional, unlessDefault } from "../../base/setting_group.ts";

/** The values of `--optimizer`. */
export const OPTIMIZERS = ["adam", "adamw", "sgd"] as const;

/** The values of `--schedule`. */
export const SCHEDULES = ["constant", "cosine", "exponential", "plateau"] as const;

const MAX_INT = 2 ** 31 - 1;

/** The optimiser, its learning rate's course, micro-batches and the moving average; absent from older runs. */
export const OPTIMIZER_SETTINGS = {
  optimizer: unlessDefault(choice(OPTIMIZERS, {
    help: "Adam, Adam with decoupled weight decay, or gradient descent with momentum",
    default: "adam",
  })),
  weightDecay: unlessDefault(number({
    min: 0,
    max: 1,
    help: "weight decay of all weights, but not of biases and normalisation; decoupled with adamw, L2 otherwise",
    default: 0,
  })),
  momentum: optional(number({ min: 0, below: 1, help: "momentum of --optimizer sgd; 0.9 by default" })),
  nesterov: unlessDefault(flag({ help: "Nesterov's momentum for --optimizer sgd" })),
  clip: optional(number({
    above: 0,
    max: 1e12,
    help: "largest global norm of the gradient, to which larger ones are scaled down; no clipping by default",
  })),
  schedule: unlessDefault(choice(SCHEDULES, {
    help: "course of the learning rate after the warm-up; plateau: reduced when the validation loss stops falling",
    default: "constant",
  })),
  warmupSteps: unlessDefault(integer({
    min: 0,
    max: MAX_INT,
    help: "first steps, over which the learning rate increases linearly to --lr",
    default: 0,
  })),
  finalFactor: optional(number({
    min: 0,
    max: 1,
    help:
      "the schedule's last learning rate as a fraction of --lr; 0 for cosine, 0.01 for exponential, 0.001 for plateau",
  })),
  plateauPatience: optional(integer({
    min: 0,
    max: MAX_INT,
    help: "validations without improvement that --schedule plateau waits for; 5 by default",
  })),
  plateauFactor: optional(number({
    above: 0,
    below: 1,
    help: "factor by which --schedule plateau reduces the learning rate; 0.1 by default",
  })),
  accumulate: unlessDefault(integer({
    min: 1,
    max: 4096,
    help: "micro-batches that a batch is cut into, to fit into memory; batch norm sees one at a time",
    default: 1,
  })),
  ema: optional(number({
    min: 0,
    below: 1,
    help: "decay of a moving average of the weights, such as 0.999, that is evaluated and exported; none by default",
  })),
};
