/**
 * Determines what remains to be done of an experiment.
 *
 * @module
 */
import type { EvaluationPlan, Part } from "./experiment.ts";
import type { RunJob } from "./perform_run.ts";
import { measurementPath, planName, readMeasurement } from "./run_store.ts";

/**
 * Lists the runs of an experiment that are not yet trained or measured, each with its missing measurements.
 *
 * @param options.all Whether to include completed runs and measurements.
 * @throws {DataError} if a measurement is damaged or has another version.
 */
export async function pendingJobs(
  parts: readonly Part[],
  { root, all = false }: { root: string; all?: boolean },
): Promise<RunJob[]> {
  const jobs = new Map<string, { plan: RunJob["plan"]; evaluations: Map<string, EvaluationPlan> }>();
  for (const { run, evaluation } of parts.flatMap(({ arms }) => arms)) {
    const name = planName(run);
    const job = jobs.get(name) ?? { plan: run, evaluations: new Map() };
    const path = measurementPath(root, run, evaluation);
    if (job.evaluations.has(path)) continue;
    if (!all && await readMeasurement(root, run, evaluation)) continue;
    job.evaluations.set(path, evaluation);
    jobs.set(name, job);
  }
  return [...jobs.values()].map(({ plan, evaluations }) => ({ plan, evaluations: [...evaluations.values()] }));
}
