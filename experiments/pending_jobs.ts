import type { EvaluationPlan, Part } from "./experiment.ts";
import type { RunJob } from "./perform_run.ts";
import { measurementPath, planName, readMeasurement } from "./run_store.ts";

/**
 * The runs of an experiment that are not trained or not measured yet, each with the measurements that it lacks.
 *
 * @param options.all Also those that are done.
 * @throws {DataError} if a measurement is damaged or of another version.
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
