/**
 * Combines the measurements of an experiment's arms into one results file.
 *
 * @module
 */
import { DataError } from "../base/errors.ts";
import { commonLabels } from "../eval/results/evaluation_groups.ts";
import { type Cases, type Evaluation, type Results, type RunRecord, sharedData } from "../eval/results/results.ts";
import { planName, readMeasurement } from "./run_store.ts";
import type { Part } from "./experiment.ts";

/**
 * Combines a part's measurements: every run once, and every evaluation with its arm's setting.
 *
 * @param options.title Title of the report.
 * @throws {DataError} naming a run that was not measured, or two runs with different labels or test studies.
 */
export async function collectPart(part: Part, options: { root: string; title: string }): Promise<Results> {
  const runs = new Map<string, RunRecord>();
  const cases: Cases[] = [];
  const evaluations: Evaluation[] = [];
  const files: Results[] = [];
  for (const { run, evaluation, setting = {} } of part.arms) {
    const name = planName(run);
    const results = await readMeasurement(options.root, run, evaluation);
    if (results === undefined) throw new DataError(`run ${name} was not measured; run the experiment again`);
    files.push(results);
    // Floors of a run have records of their own.
    for (const record of results.runs) if (!runs.has(record.name)) runs.set(record.name, record);
    const ids = new Map(results.cases.map((record) => [record.id, shareCases(cases, record, name)]));
    evaluations.push(...results.evaluations.map((each) => ({
      ...each,
      setting: { ...each.setting, ...setting },
      cases: ids.get(each.cases)!,
    })));
  }
  // With different labels, scores would be attributed to the wrong finding.
  commonLabels(files);
  const { generative: _, ...first } = files[0]!;
  // Arms that share a run and its measurement share the record.
  const generative = [
    ...new Map(files.flatMap((each) => each.generative ?? []).map((each) => [each.run, each])).values(),
  ];
  return {
    ...first,
    data: sharedData(files),
    title: options.title,
    createdAt: new Date().toISOString(),
    runs: [...runs.values()],
    cases,
    evaluations: distinct(evaluations),
    comparisons: [],
    pictures: [],
    projections: [],
    ...(generative.length > 0 ? { generative } : {}),
  };
}

/** Adds test cases unless equal ones are present, and returns their id. */
function shareCases(cases: Cases[], record: Cases, run: string): string {
  const same = (other: Cases) => JSON.stringify({ ...other, id: "" }) === JSON.stringify({ ...record, id: "" });
  const there = cases.find(same);
  if (there) return there.id;
  const id = cases.some((other) => other.id === record.id) ? `${record.id} of ${run}` : record.id;
  cases.push({ ...record, id });
  return id;
}

/** Removes duplicates: arms share the evaluations of methods that the varied setting does not affect. */
function distinct(evaluations: readonly Evaluation[]): Evaluation[] {
  return [...new Map(evaluations.map((each) => [JSON.stringify(each), each])).values()];
}
