/**
 * Experiments of the papers as declarative files: which runs to train, how to measure them, where results are kept, how they are tabulated.
 *
 * @module
 */
export { collectPart } from "./collect.ts";
export type { Experiment, ExperimentContext, Part } from "./experiment.ts";
export { pendingJobs } from "./pending_jobs.ts";
export type { JobProgress, RunJob } from "./perform_run.ts";
export { type FailedRun, performRuns } from "./perform_runs.ts";
export { EXPERIMENTS } from "./definitions/registry.ts";
export { wholeData } from "./run_messages.ts";
export { baseOf } from "./definitions/scales.ts";
export { type Base, SCALES } from "./experiment.ts";
