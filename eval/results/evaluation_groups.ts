/**
 * Arranges evaluations by what is comparable: strata share view, probe, labelled fraction and setting; within a
 * stratum, groups are compared with each other, and the members of a group are repetitions (seeds).
 *
 * @module
 */
import { DataError } from "../../base/errors.ts";
import type { Cases, Evaluation, Results, RunRecord } from "./results.ts";

/** What grouping needs of results. */
export interface Groupable extends Pick<Results, "cases" | "evaluations"> {
  /** The labels. */
  readonly data: Pick<Results["data"], "labels">;
  /** The runs' names. */
  readonly runs: readonly Pick<RunRecord, "name">[];
}

/** What is compared: methods, runs, or the settings of an experiment. */
export type GroupBy = "method" | "run" | "setting";

/** An evaluation with its cases. */
export interface EvaluationEntry {
  readonly evaluation: Evaluation;
  readonly cases: Cases;
}

/** Evaluations that differ only in what is compared and in seeds. */
export interface Stratum {
  readonly view: string;
  readonly probe: Evaluation["probe"];
  readonly latents: Evaluation["latents"];
  readonly labelledFraction: number;
  /** The setting shared by all; empty when grouped by setting. */
  readonly setting: Evaluation["setting"];
  /** By name, in the order of the results. */
  readonly groups: ReadonlyMap<string, readonly EvaluationEntry[]>;
}

/** Formats a setting: `label-noise 0.2`; empty if there is none. */
export function settingText(setting: Evaluation["setting"]): string {
  return Object.keys(setting).sort().map((key) => `${key} ${setting[key]}`).join(", ");
}

/** A group's name for an evaluation. */
function groupName({ method, run, setting }: Evaluation, by: GroupBy): string {
  if (by === "run") return run;
  const text = by === "setting" ? settingText(setting) : "";
  return text === "" ? method : `${method} (${text})`;
}

/**
 * Checks that all results have the same labels.
 *
 * @returns The labels.
 * @throws DataError naming two runs and the labels that are missing in one of them.
 */
export function commonLabels(results: readonly Pick<Groupable, "data" | "runs">[]): readonly string[] {
  const first = results[0];
  if (first === undefined) throw new DataError("there are no results to compare; name at least one run");
  for (const other of results) {
    const [a, b] = [first.data.labels, other.data.labels];
    if (a.length === b.length && a.every((label, i) => label === b[i])) continue;
    const missing = [...a.filter((label) => !b.includes(label)), ...b.filter((label) => !a.includes(label))];
    throw new DataError(
      `runs ${first.runs[0]!.name} and ${other.runs[0]!.name} have different labels (${
        missing.length > 0 ? `${missing.join(", ")} in one only` : "in another order"
      }); compare runs on the same labels`,
    );
  }
  return first.data.labels;
}

/**
 * Chooses how to group results: by method, averaging seeds, unless several runs have the same method and seed; such
 * runs must differ in something else and are grouped by run.
 */
export function chooseGrouping(results: readonly Results[]): GroupBy {
  const runs = new Map<string, string>();
  for (const { evaluations } of results) {
    for (const { method, seed, view, probe, latents, labelledFraction, probeSeed, setting, run } of evaluations) {
      const place = [method, seed, view, probe, latents, labelledFraction, probeSeed, settingText(setting)];
      const key = JSON.stringify(place);
      if ((runs.get(key) ?? run) !== run) return "run";
      runs.set(key, run);
    }
  }
  return "method";
}

/** Arranges the evaluations. Supervised classifiers, which have no probe, are included with every probe. */
export function groupEvaluations(results: readonly Groupable[], { by }: { by: GroupBy }): Stratum[] {
  commonLabels(results);
  const entries = results.flatMap((file) => {
    const cases = new Map(file.cases.map((record) => [record.id, record]));
    return file.evaluations.map((evaluation): EvaluationEntry => ({ evaluation, cases: cases.get(evaluation.cases)! }));
  });
  const place = ({ view, labelledFraction, setting }: Evaluation) =>
    JSON.stringify([view, labelledFraction, by === "setting" ? "" : settingText(setting)]);
  const strata: Stratum[] = [];
  for (const there of Map.groupBy(entries, ({ evaluation }) => place(evaluation)).values()) {
    const probed = there.filter(({ evaluation }) => evaluation.probe !== "supervised");
    const kinds = Map.groupBy(
      probed.length > 0 ? probed : there,
      ({ evaluation }) => `${evaluation.probe} ${evaluation.latents}`,
    );
    for (const members of kinds.values()) {
      const { view, probe, latents, labelledFraction, setting } = members[0]!.evaluation;
      const all = there.filter((entry) => members.includes(entry) || entry.evaluation.probe === "supervised");
      const groups = Map.groupBy(all, ({ evaluation }) => groupName(evaluation, by));
      strata.push({ view, probe, latents, labelledFraction, setting: by === "setting" ? {} : setting, groups });
    }
  }
  return strata;
}

/**
 * The members of two groups with seeds that both have, so that a pair differs in what is compared alone; all members of
 * both where the groups share no seed.
 */
export function withSharedSeeds(
  first: readonly EvaluationEntry[],
  second: readonly EvaluationEntry[],
): [readonly EvaluationEntry[], readonly EvaluationEntry[]] {
  const seeds = (group: readonly EvaluationEntry[]) => new Set(group.map(({ evaluation }) => evaluation.seed));
  const shared = seeds(first).intersection(seeds(second));
  if (shared.size === 0) return [first, second];
  const own = (group: readonly EvaluationEntry[]) => group.filter(({ evaluation }) => shared.has(evaluation.seed));
  return [own(first), own(second)];
}

/** Describes a stratum: `frontal, logistic regression on unimodal latents, 10% of the labels`. */
export function stratumText(
  { view, probe, latents, labelledFraction, setting }: {
    view: string;
    probe: string;
    latents?: string | undefined;
    labelledFraction: number;
    setting?: Evaluation["setting"] | undefined;
  },
): string {
  const on = latents === undefined || latents === "none" ? "" : ` on ${latents} latents`;
  const parts = [
    view,
    `${probe.replace("-", " ")}${on}`,
    `${Number((labelledFraction * 100).toPrecision(6))}% of the labels`,
    settingText(setting ?? {}),
  ];
  return parts.filter((part) => part !== "").join(", ");
}
