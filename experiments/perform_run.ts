/**
 * Performs one run of an experiment: trains or resumes it, and measures it.
 *
 * @module
 */
import type { Results } from "../eval/results/results.ts";
import { measureRun } from "../eval/runs/evaluate_run.ts";
import { LatentsMemory } from "../eval/runs/latents_memory.ts";
import { validationAuroc } from "../eval/runs/validation_auroc.ts";
import { writeModelCard } from "../eval/runs/model_card.ts";
import { type ReplaceableDevice, throughDeviceFailures } from "../training/replaceable_device.ts";
import type { RunConfig } from "../training/run/run_config.ts";
import { alterRunData, type RunData } from "../training/data/run_data.ts";
import { withTestSet } from "../training/data/with_test_set.ts";
import { sweepTemporary } from "../training/run/run_directory.ts";
import { lockRun } from "../training/run/run_lock.ts";
import { isSupervised, withAnnealing } from "../training/run_trainer.ts";
import { trainThroughFaults } from "../training/train_through_faults.ts";
import type { EvaluationPlan, RunPlan } from "./experiment.ts";
import { claimDirectory, planName, readMeasurement, settleConfig, writeMeasurement } from "./run_store.ts";

/** Seconds between checkpoints, which bounds the work lost when an experiment is killed. */
const CHECKPOINT_SECONDS = 60;

/** A run with its missing measurements. */
export interface RunJob {
  /** The run to train. */
  readonly plan: RunPlan;
  /** The missing measurements. */
  readonly evaluations: readonly EvaluationPlan[];
  /** Measurements that are there already, for the model card. */
  readonly measured?: readonly EvaluationPlan[];
}

/** Options of {@linkcode performRun}. */
export interface PerformOptions {
  /** The experiments' folder. */
  readonly root: string;
  /** The data as opened by `openRunData()` without `absent` and `labelNoise`. */
  readonly whole: RunData;
  /** Test sets by their folders, opened in the same way. */
  readonly tests?: ReadonlyMap<string, RunData>;
  readonly devices: ReplaceableDevice;
  /** Command lines that reproduce the run. */
  readonly commands: readonly string[];
  readonly versions: Readonly<Record<string, string>>;
  /** Number of threads for probes. */
  readonly workers: number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: JobProgress) => void;
  readonly onWarning: (message: string) => void;
}

/** Progress of a job. */
export interface JobProgress {
  /** Estimated fraction of the job that is done, in [0, 1]. */
  readonly done: number;
  /** What is being done. */
  readonly what: string;
}

/** Approximate fraction of a job's time spent on training. */
export const TRAINING_SHARE = 0.85;

/**
 * Trains a run, resuming from its last checkpoint, and measures it.
 *
 * @returns False if it was stopped before the end.
 * @throws {DataError | NonFiniteStepError} as training and evaluation do; completed work is kept.
 */
export async function performRun(
  { plan, evaluations, measured = [] }: RunJob,
  options: PerformOptions,
): Promise<boolean> {
  const { root, signal } = options;
  const directory = await claimDirectory(root, plan);
  // Another experiment may need the same run and be training it: wait, and take over what it has measured.
  using _lock = await lockRun(directory, {
    wait: { signal, onWait: () => options.onProgress({ done: 0, what: "waiting for another process" }) },
  });
  const missing = [];
  const shown: Results[] = [];
  for (const evaluation of [...measured, ...evaluations]) {
    const results = await readMeasurement(root, plan, evaluation);
    if (results === undefined) missing.push(evaluation);
    else if (isShown(evaluation)) shown.push(results);
  }
  if (missing.length === 0) return true;
  const judges = await trainJudges(missing, options);
  const trained = judges && await trainPlan(plan, directory, options);
  if (judges === undefined || trained === undefined) return false;
  const { config, data } = trained;
  const scored = scoredData(plan, { ...options, own: data });
  const memory = new LatentsMemory();
  for (const [i, evaluation] of missing.entries()) {
    const onProgress: PerformOptions["onProgress"] = ({ done, what }) =>
      options.onProgress({ done: TRAINING_SHARE + (1 - TRAINING_SHARE) * (i + done) / missing.length, what });
    const results = await measure({ config, directory, data: scored(evaluation), evaluation, memory, judges }, {
      ...options,
      onProgress,
    });
    if (isShown(evaluation)) shown.push(results);
    // Before the measurement, after which a run that is resumed does not come back to this one.
    if (shown.length > 0) await writeModelCard(directory, { config, results: shown });
    await writeMeasurement(results, { root, plan, evaluation });
  }
  return true;
}

/** A trained run, and the data that it was trained on. */
interface TrainedPlan {
  readonly config: RunConfig;
  readonly directory: string;
  readonly data: RunData;
}

/** Trains a run in its folder, which is locked; `undefined` if it was stopped before the end. */
async function trainPlan(
  plan: RunPlan,
  directory: string,
  options: PerformOptions,
): Promise<TrainedPlan | undefined> {
  const { devices, signal, onWarning } = options;
  await sweepTemporary(directory);
  const data = alterRunData(options.whole, plan.config.data);
  const config = await settleConfig(directory, () => completeConfig(plan, data));
  const { stopped } = await trainThroughFaults({
    config,
    directory,
    data,
    devices,
    resume: true,
    auroc: validationAuroc,
    signal,
    checkpointSeconds: CHECKPOINT_SECONDS,
    keep: 1,
    onProgress: ({ done, steps, last }) =>
      options.onProgress({
        done: TRAINING_SHARE * done / steps,
        what: `step ${done}/${steps}, loss ${last.loss.toFixed(1)}`,
      }),
    onWarning,
  });
  return stopped ? undefined : { config, directory, data };
}

/**
 * Trains the judges of measurements that need one, or finds them trained; one judge serves all runs that name it.
 * `undefined` if it was stopped before the end.
 */
async function trainJudges(
  evaluations: readonly EvaluationPlan[],
  options: PerformOptions,
): Promise<ReadonlyMap<string, TrainedPlan> | undefined> {
  const judges = new Map<string, TrainedPlan>();
  for (const { generative } of evaluations) {
    if (generative === undefined || judges.has(planName(generative.judge))) continue;
    const directory = await claimDirectory(options.root, generative.judge);
    using _lock = await lockRun(directory, {
      wait: { signal: options.signal, onWait: () => options.onProgress({ done: 0, what: "waiting for the judge" }) },
    });
    const judge = await trainPlan(generative.judge, directory, {
      ...options,
      onProgress: ({ what }) => options.onProgress({ done: 0, what: `judge: ${what}` }),
    });
    if (judge === undefined) return undefined;
    judges.set(planName(generative.judge), judge);
  }
  return judges;
}

/** Returns the data that a measurement scores, the same object for the same test set. */
function scoredData(
  { config }: RunPlan,
  { own, whole, tests }: { own: RunData } & Pick<PerformOptions, "whole" | "tests">,
): (evaluation: EvaluationPlan) => RunData {
  const made = new Map<string, RunData>();
  return ({ test }) => {
    if (test === undefined) return own;
    const unseen = tests?.get(test.root);
    if (unseen === undefined) throw new Error(`the test set ${test.root} was not opened`);
    const data = made.get(test.root) ?? alterRunData(withTestSet(whole, unseen), config.data);
    made.set(test.root, data);
    return data;
  };
}

/** Whether the model card lists a measurement: not if labels or images are made bad, which the card cannot tell. */
function isShown({ degraded, labelNoise }: EvaluationPlan): boolean {
  return degraded === undefined && labelNoise === undefined;
}

/** Measures a trained run once, reopening the device if it fails. */
function measure(
  run: TrainedPlan & {
    evaluation: EvaluationPlan;
    memory: LatentsMemory;
    judges: ReadonlyMap<string, TrainedPlan>;
  },
  options: PerformOptions,
): Promise<Results> {
  const { config, directory, data, evaluation, memory, judges } = run;
  const judge = evaluation.generative && judges.get(planName(evaluation.generative.judge));
  const { degraded, labelledFractions, probeSeeds, labelNoise } = evaluation;
  const changes = { ...(degraded ? { degraded } : {}), ...(labelNoise ? { labelNoise } : {}) };
  const { onWarning } = options;
  return throughDeviceFailures(
    options.devices,
    (device) =>
      measureRun({
        config,
        directory,
        data: Object.keys(changes).length === 0 ? data : alterRunData(data, changes),
        device,
        memory,
        probe: evaluation.probe,
        ...(isSupervised(config) ? {} : { labelledFractions, probeSeeds }),
        ...(evaluation.floors ? { floors: true } : {}),
        ...(judge ? { generative: "decoded" as const, judge } : {}),
        bootstrap: { resamples: evaluation.resamples, workers: options.workers },
        workers: options.workers,
        commands: options.commands,
        versions: options.versions,
        signal: options.signal,
        onProgress: ({ stage, done, total }) => options.onProgress({ done: done / total, what: stage }),
        onWarning,
      }),
    { onWarning },
  );
}

/** Completes the configuration with its name and, if it depends on the data, the number of annealing steps of alpha. */
function completeConfig(plan: RunPlan, data: RunData): RunConfig {
  const { config, alphaShare } = plan;
  const named = { ...config, name: planName(plan) };
  return alphaShare === undefined ? named : withAnnealing(named, data, { share: alphaShare });
}
