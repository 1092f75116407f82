/**
 * Sweeps on a cluster with Slurm: job scripts, submission, and the states of jobs.
 *
 * @module
 */
export { arrayScript, type JobOptions, type Resources, shellWord, singleScript } from "./job_script.ts";
export { parseQueue, queueCommand, type QueuedTask, stateOfTask } from "./queue.ts";
export { runSlurm, submitCommands, submitSweep } from "./submit.ts";
export { freezeSweep, readSweep, type Sweep, type SweepTask } from "./sweep_file.ts";
