/**
 * The optimiser of a run and the course of its learning rate.
 *
 * @module
 */
import { DataError } from "../base/errors.ts";
import {
  adam,
  adamw,
  type AverageSettings,
  type Optimizer,
  plateauReductions,
  type Schedule,
  schedules,
  sgd,
  weightsOnly,
} from "../runtime/mod.ts";
import type { TrainingConfig } from "./run/run_config.ts";

/** Last learning rate of each schedule as a fraction of the first, unless the configuration says otherwise. */
const FINAL_FACTORS = { cosine: 0, exponential: 0.01, plateau: 0.001 } as const;
const MOMENTUM = 0.9;
const PLATEAU = { patience: 5, factor: 0.1 } as const;

/** The optimiser of a run. */
export function runOptimizer(training: TrainingConfig): Optimizer {
  const { optimizer = "adam", learningRate, weightDecay = 0, momentum = MOMENTUM, nesterov = false, clip } = training;
  const common = {
    learningRate,
    weightDecay,
    decays: weightsOnly,
    ...(clip === undefined ? {} : { maxNorm: clip }),
  };
  if (optimizer === "sgd") return sgd({ ...common, momentum, nesterov });
  return optimizer === "adamw" ? adamw(common) : adam({ ...common, decoupled: false });
}

/** How a run averages its weights; `undefined` if it does not. */
export function runAverage({ ema: decay }: TrainingConfig): AverageSettings | undefined {
  return decay === undefined ? undefined : { decay };
}

/**
 * The learning rate at every step: linear warm-up to `learningRate`, then the schedule, which takes the other steps.
 *
 * @param options.steps Steps of the run.
 * @param options.losses The validation losses before a step, oldest first, on which `plateau` depends.
 * @throws {DataError} if the warm-up takes all of them.
 */
export function learningRateSchedule(
  training: TrainingConfig,
  { steps, losses }: { steps: number; losses: (step: number) => readonly number[] },
): Schedule {
  const { learningRate: from, schedule = "constant", warmupSteps = 0 } = training;
  if (warmupSteps > 0 && warmupSteps >= steps) {
    throw new DataError(
      `a warm-up of ${warmupSteps} steps needs a longer run than one of ${steps} steps: give --warmup-steps ` +
        `${Math.floor(steps / 10)}, or more --epochs`,
    );
  }
  if (warmupSteps === 0 && schedule === "constant") return schedules.constant(from);
  const warmup = { steps: warmupSteps };
  const after = schedule === "plateau"
    ? plateauSchedule(training, losses)
    : afterWarmup(training, { steps: steps - warmupSteps, after: warmupSteps });
  return warmupSteps === 0 ? after : schedules.warmup(after, warmup);
}

/** A schedule that depends on the step alone and begins after the warm-up. */
function afterWarmup(
  { learningRate: from, schedule = "constant", finalFactor }: TrainingConfig,
  { steps, after }: { steps: number; after: number },
): Schedule {
  if (schedule === "constant" || schedule === "plateau") return schedules.constant(from);
  const falling = schedules[schedule]({ from, to: from * (finalFactor ?? FINAL_FACTORS[schedule]), steps });
  return after === 0 ? falling : schedules.delay(falling, { steps: after });
}

/** Reduced whenever the validation loss has not improved for some time, down to the final factor. */
function plateauSchedule(training: TrainingConfig, losses: (step: number) => readonly number[]): Schedule {
  const { learningRate, finalFactor = FINAL_FACTORS.plateau } = training;
  const { plateauPatience: patience = PLATEAU.patience, plateauFactor: factor = PLATEAU.factor } = training;
  return (step) => learningRate * Math.max(finalFactor, factor ** plateauReductions(losses(step), { patience }));
}

/**
 * Checks settings of the optimiser that depend on each other.
 *
 * @throws {DataError} naming the flag that does not fit and what to do.
 */
export function requireOptimization(training: TrainingConfig): void {
  const { optimizer = "adam", momentum, nesterov, schedule = "constant", finalFactor } = training;
  const { plateauPatience, plateauFactor } = training;
  if (optimizer !== "sgd" && (momentum !== undefined || nesterov)) {
    const flag = nesterov ? "--nesterov" : "--momentum";
    throw new DataError(`${flag} is for --optimizer sgd, but the optimiser is ${optimizer}: leave it out`);
  }
  if (nesterov && momentum === 0) throw new DataError("--nesterov needs a --momentum above 0");
  if (finalFactor !== undefined && schedule === "constant") {
    throw new DataError("--final-factor needs a --schedule along which the learning rate falls");
  }
  if (finalFactor === 0 && schedule === "exponential") {
    throw new DataError("an exponential schedule cannot reach 0: give a --final-factor above 0, or --schedule cosine");
  }
  if (schedule !== "plateau" && (plateauPatience !== undefined || plateauFactor !== undefined)) {
    const flag = plateauPatience !== undefined ? "--plateau-patience" : "--plateau-factor";
    throw new DataError(`${flag} is for --schedule plateau, but the schedule is ${schedule}: leave it out`);
  }
  requireMicroBatches(training);
}

function requireMicroBatches({ batchSize, accumulate = 1, ranks = 1 }: TrainingConfig): void {
  const parts = accumulate * ranks;
  if (accumulate === 1 || (batchSize % parts === 0 && batchSize / parts >= 2)) return;
  const ofRanks = ranks === 1 ? "" : ` on each of ${ranks} ranks`;
  if (batchSize % parts === 0) {
    throw new DataError(
      `${accumulate} micro-batches${ofRanks} have one pair each, for which batch norm has no variance: give ` +
        `--batch-size ${2 * parts}, or a smaller --accumulate`,
    );
  }
  const below = Math.floor(batchSize / parts) * parts;
  throw new DataError(
    `a batch of ${batchSize} cannot be cut into ${accumulate} micro-batches${ofRanks}: give --batch-size ` +
      `${below >= 2 * parts ? `${below} or ` : ""}${Math.max(below + parts, 2 * parts)}, or another --accumulate`,
  );
}
