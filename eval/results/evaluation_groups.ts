/**
 * Evaluations arranged by what can be compared: strata that share view, probe, labelled fraction and setting, and within each
 * the groups that stand side by side, whose members (seeds) are repetitions of each other.
 *
 * @module
 */
import { DataError } from "../../base/errors.ts";
import type { Cases, Evaluation, Results } from "./results_schema.ts";

/** What stands side by side: methods, runs, or the settings of an experiment. */
export type GroupBy = "method" | "run" | "setting";

/** An evaluation with the cases it is about. */
export interface EvaluationEntry {
  readonly evaluation: Evaluation;
  readonly cases: Cases;
}

/** Evaluations that differ in what is compared, and in seeds, only. */
export interface Stratum {
  readonly view: string;
  readonly probe: Evaluation["probe"];
  readonly latents: Evaluation["latents"];
  readonly labelledFraction: number;
  /** The setting that all share; empty when grouped by setting. */
  readonly setting: Evaluation["setting"];
  /** By name, in the order of the results. */
  readonly groups: ReadonlyMap<string, readonly EvaluationEntry[]>;
}

/** A setting in words: `label-noise 0.2`; empty without one. */
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
 * Checks that results are of the same labels.
 *
 * @returns The labels.
 * @throws DataError naming two runs and the labels that one of them lacks.
 */
export function commonLabels(results: readonly Results[]): readonly string[] {
  const first = results[0];
  if (first === undefined) throw new DataError("there are no results to compare; name at least one run.");
  for (const other of results) {
    const [a, b] = [first.data.labels, other.data.labels];
    if (a.length === b.length && a.every((label, i) => label === b[i])) continue;
    const missing = [...a.filter((label) => !b.includes(label)), ...b.filter((label) => !a.includes(label))];
    throw new DataError(
      `runs ${first.runs[0]!.name} and ${other.runs[0]!.name} have different labels (${
        missing.length > 0 ? `${missing.join(", ")} in one only` : "in another order"
      }); compare runs on the same labels.`,
    );
  }
  return first.data.labels;
}

/**
 * How to group results whose purpose is not known: by method, whose seeds are then averaged; by run where a method and seed
 * comes from several runs, which must differ in something else.
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

/** Arranges the evaluations; supervised classifiers, which need no probe, stand beside every probe. */
export function groupEvaluations(results: readonly Results[], { by }: { by: GroupBy }): Stratum[] {
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

/** A stratum in words: `frontal, logistic regression on unimodal latents, 10 % of the labels`. */
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
    `${Number((labelledFraction * 100).toPrecision(6))} % of the labels`,
    settingText(setting ?? {}),
  ];
  return parts.filter((part) => part !== "").join(", ");
}
