/**
 * The papers' experiments as declarations: which runs to train, how to measure them, and how to present the results.
 *
 * @module
 */
export { collectPart } from "./collect.ts";
export type {
  Arm,
  EvaluationPlan,
  Experiment,
  ExperimentContext,
  Inclusion,
  Measured,
  Part,
  PhantomVariant,
  RunPlan,
  ScaleName,
  TestSet,
} from "./experiment.ts";
export { withFloors, withoutFloors } from "./floors.ts";
export { methodsOf, ofMethods, ofSetting, partsWithout, settingsOf } from "./choose_arms.ts";
export { pendingJobs } from "./pending_jobs.ts";
export { costKey, probeStep, type StepProbe, stepsOf, type TableData } from "./estimate.ts";
export { type JobProgress, type RunJob, TRAINING_SHARE } from "./perform_run.ts";
export { type FailedRun, type PerformedRuns, performRuns, type PerformRunsOptions } from "./perform_runs.ts";
export { EXPERIMENTS } from "./definitions/registry.ts";
export type { RunFailure, RunSetup } from "./run_messages.ts";
export { testData, testRoots, wholeData } from "./run_messages.ts";
export { baseOf } from "./definitions/scales.ts";
export { type Base, SCALES } from "./experiment.ts";
export { measurementPath, planName } from "./run_store.ts";
