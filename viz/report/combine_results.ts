/**
 * Combines several `results.json` into one, for a report that compares runs.
 *
 * @module
 */
import { type Cases, type Results, type RunRecord, sharedData } from "../../eval/results/results.ts";

/** Thrown for results that cannot share a report. */
export class IncomparableResultsError extends Error {
  override name = "UserError";
}

/**
 * Combines several results into one for a comparative report.
 *
 * Runs present in several files (experiments reuse trained runs) appear once; different runs with the same name are
 * numbered. Identical sets of test cases are shared. The description of the data is taken from the first file.
 *
 * @throws {IncomparableResultsError} If there are no results, or if their data sets or labels differ, so that their
 * averages are not comparable.
 */
export function combineResults(all: readonly Results[]): Results {
  const first = all[0];
  if (first === undefined) throw new IncomparableResultsError("there are no results to report; name at least one run");
  if (all.length === 1) return first;
  for (const other of all) requireSameData(first, other);
  const runs: RunRecord[] = [];
  const cases: Cases[] = [];
  const parts = all.map((results) => {
    const runNames = new Map(results.runs.map((run) => [run.name, addRun(runs, run)]));
    const caseIds = new Map(results.cases.map((record) => [record.id, addCases(cases, record)]));
    const renamed = <T extends { run: string }>(item: T): T => ({ ...item, run: runNames.get(item.run) ?? item.run });
    const located = <T extends { run: string; cases: string }>(item: T): T => ({
      ...renamed(item),
      cases: caseIds.get(item.cases) ?? item.cases,
    });
    return {
      evaluations: results.evaluations.map(located),
      comparisons: results.comparisons,
      pictures: results.pictures.map(renamed),
      projections: results.projections.map(located),
      generative: (results.generative ?? []).map(renamed),
      augmentations: (results.augmentations ?? []).map(renamed),
    };
  });
  const generative = distinct(parts.flatMap((part) => part.generative));
  const augmentations = distinct(parts.flatMap((part) => part.augmentations));
  return {
    ...first,
    data: sharedData(all),
    title: [...new Set(all.map((results) => results.title))].join(" · "),
    createdAt: all.map((results) => results.createdAt).sort().at(-1)!,
    runs,
    cases,
    evaluations: distinct(parts.flatMap((part) => part.evaluations)),
    comparisons: distinct(parts.flatMap((part) => part.comparisons)),
    pictures: distinct(parts.flatMap((part) => part.pictures)),
    projections: distinct(parts.flatMap((part) => part.projections)),
    ...(generative.length > 0 ? { generative } : {}),
    ...(augmentations.length > 0 ? { augmentations } : {}),
  };
}

function requireSameData(first: Results, other: Results): void {
  const name = (results: Results) => results.runs[0]!.name;
  if (first.data.dataset !== other.data.dataset) {
    throw new IncomparableResultsError(
      `runs ${name(first)} (${first.data.dataset}) and ${
        name(other)
      } (${other.data.dataset}) are on different data sets; ` +
        "make a report of each",
    );
  }
  const [a, b] = [first.data.labels, other.data.labels];
  if (a.length === b.length && a.every((label, i) => label === b[i])) return;
  const missing = [...a.filter((label) => !b.includes(label)), ...b.filter((label) => !a.includes(label))];
  throw new IncomparableResultsError(
    `runs ${name(first)} and ${name(other)} have different labels (${
      missing.length > 0 ? `${missing.join(", ")} in one only` : "in another order"
    }); make a report of each, or evaluate both with the same labels`,
  );
}

/** Adds a run unless it is present, and returns its name in the combined file. */
function addRun(runs: RunRecord[], run: RunRecord): string {
  return add(runs, run, { nameOf: (one) => one.name, named: (one, name) => ({ ...one, name }) });
}

/** Adds a set of cases unless it is present, and returns its id in the combined file. */
function addCases(cases: Cases[], record: Cases): string {
  return add(cases, record, { nameOf: (one) => one.id, named: (one, id) => ({ ...one, id }) });
}

function add<T>(
  list: T[],
  item: T,
  access: { nameOf: (item: T) => string; named: (item: T, name: string) => T },
): string {
  const text = JSON.stringify(item);
  const base = access.nameOf(item);
  for (let k = 1;; k++) {
    const name = k === 1 ? base : `${base} (${k})`;
    const taken = list.find((other) => access.nameOf(other) === name);
    if (taken === undefined) {
      list.push(access.named(item, name));
      return name;
    }
    if (JSON.stringify(access.named(taken, base)) === text) return name;
  }
}

function distinct<T>(items: readonly T[]): T[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}
