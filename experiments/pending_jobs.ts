/**
 * Determines what remains to be done of an experiment.
 *
 * @module
 */
import type { EvaluationPlan, Part, RunPlan } from "./experiment.ts";
import type { RunJob } from "./perform_run.ts";
import { measurementPath, planName, readMeasurement } from "./run_store.ts";

/** Measurements by their file. */
type Plans = Map<string, EvaluationPlan>;

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
  const jobs = new Map<string, { plan: RunPlan; missing: Plans; measured: Plans }>();
  for (const { run, evaluation } of parts.flatMap(({ arms }) => arms)) {
    const name = planName(run);
    const job = jobs.get(name) ?? { plan: run, missing: new Map(), measured: new Map() };
    jobs.set(name, job);
    const path = measurementPath(root, run, evaluation);
    if (job.missing.has(path) || job.measured.has(path)) continue;
    const isMissing = all || !await readMeasurement(root, run, evaluation);
    (isMissing ? job.missing : job.measured).set(path, evaluation);
  }
  return [...jobs.values()].filter(({ missing }) => missing.size > 0).map(({ plan, missing, measured }) => ({
    plan,
    evaluations: [...missing.values()],
    measured: [...measured.values()],
  }));
}
