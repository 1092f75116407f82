/**
 * Progress of several runs at once.
 *
 * @module
 */
import type { JobProgress, RunJob } from "../../experiments/mod.ts";
import { printable } from "./errors.ts";
import { type ProgressOptions, startProgress } from "./progress.ts";

/** The combined progress of all runs of an experiment. */
export interface ExperimentProgress extends Disposable {
  /** Updates a run's progress; `job` is its index in the list. */
  readonly update: (job: number, progress: JobProgress) => void;
  readonly log: (message: string) => void;
}

/** Units of the bar per run. */
const UNITS = 100;
/** Milliseconds between plain lines if there is no terminal. */
const LINE_INTERVAL = 30_000;

/**
 * Shows the progress of an experiment, and what its current runs are doing.
 *
 * @param options.total Total number of runs, including those completed earlier.
 */
export function experimentProgress(
  jobs: readonly RunJob[],
  { total, ...view }: { total: number } & Pick<ProgressOptions, "stream" | "now" | "lineInterval">,
): ExperimentProgress {
  const before = (total - jobs.length) * UNITS;
  const progress = startProgress("runs", {
    lineInterval: LINE_INTERVAL,
    ...view,
    total: total * UNITS,
    from: before,
    show: (units) => String(units / UNITS),
  });
  const done = jobs.map(() => 0);
  const doing = new Map<string, string>();
  return {
    update: (job, { done: share, what }) => {
      done[job] = share;
      const { method, seed } = { ...jobs[job]!.plan.config.model, ...jobs[job]!.plan.config.training };
      const name = `${method} ${seed}:`;
      if (share >= 1) doing.delete(name);
      else doing.set(name, what);
      const sum = done.reduce((a, b) => a + b, 0);
      progress.update(before + Math.floor(UNITS * sum), Object.fromEntries(doing));
    },
    log: (message) => progress.log(printable(`warning: ${message}`)),
    [Symbol.dispose]: () => progress.stop(),
  };
}
