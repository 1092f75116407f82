import type { Evaluation, Results, RunRecord } from "../../../eval/results/results_schema.ts";
import { compareNaturally } from "./natural_order.ts";
import { assignSlots, methodName, methodRank } from "./palette.ts";

/** What a column of a table and a line of a figure stand for: a method, and what else tells it from its neighbours. */
export interface Arm {
  readonly method: string;
  /** The setting, or what differs between configurations or runs; empty where the method says it all. */
  readonly variant: string;
  /** Method and variant as a reader sees them. */
  readonly name: string;
  /** The method's slot in the palette. */
  readonly slot: number;
  /** Which dash pattern tells variants of one method apart; 0 is solid. */
  readonly dash: number;
  readonly supervised: boolean;
}

/** The arms of the results and the arm of each evaluation, by index. */
export interface Arms {
  readonly arms: Arm[];
  readonly armOf: number[];
}

/** Settings that differ between repetitions of the same experiment, or that evaluations carry themselves. */
const REPETITION =
  /seed|name|path|dir|root|(^|\.)(run|out)|resume|created|time|date|labell?ed|fraction|subset|probe|worker|log|command|cache|version/i;

/** How many dash patterns there are; the style sheet defines them. */
export const DASHES = 5;

/**
 * Finds the arms: evaluations of one method and setting are repetitions of each other (seeds), unless their runs were
 * configured differently or the same seed appears twice; then the configuration, or else the run's name, tells them apart.
 * Nothing is averaged that was not meant to be the same.
 */
export function findArms(results: Results): Arms {
  const runs = new Map(results.runs.map((run) => [run.name, run]));
  const groups = Map.groupBy(
    results.evaluations.map((evaluation, index) => ({ evaluation, index })),
    ({ evaluation }) => JSON.stringify([evaluation.method, settingText(evaluation.setting)]),
  );
  const keys: string[] = results.evaluations.map(() => "");
  for (const group of groups.values()) {
    const variants = variantsOf(group.map(({ evaluation }) => evaluation), runs);
    group.forEach(({ evaluation, index }) => {
      const parts = [settingText(evaluation.setting), variants.get(evaluation.run) ?? ""].filter((part) => part !== "");
      keys[index] = JSON.stringify([evaluation.method, parts.join(", ")]);
    });
  }
  return ordered(results.evaluations, keys);
}

function ordered(evaluations: readonly Evaluation[], keys: readonly string[]): Arms {
  const slots = assignSlots([...new Set(evaluations.map((evaluation) => evaluation.method))]);
  const supervised = new Set(evaluations.filter((e) => e.probe === "supervised").map((e) => e.method));
  const distinct = [...new Set(keys)].map((key) => ({ key, parts: JSON.parse(key) as [string, string] }));
  distinct.sort((a, b) =>
    methodRank(a.parts[0]) - methodRank(b.parts[0]) ||
    compareNaturally(a.parts[0], b.parts[0]) ||
    compareNaturally(a.parts[1], b.parts[1])
  );
  const seen = new Map<string, number>();
  const arms = distinct.map(({ parts: [method, variant] }): Arm => {
    const nth = seen.get(method) ?? 0;
    seen.set(method, nth + 1);
    return {
      method,
      variant,
      name: variant === "" ? methodName(method) : `${methodName(method)} (${variant})`,
      slot: slots.get(method)!,
      dash: nth % DASHES,
      supervised: supervised.has(method),
    };
  });
  const index = new Map(distinct.map(({ key }, i) => [key, i]));
  return { arms, armOf: keys.map((key) => index.get(key)!) };
}

/** A setting in words, in a fixed order: `label-noise 0.2`; empty without one. */
export function settingText(setting: Evaluation["setting"]): string {
  const entries = Object.entries(setting).sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0);
  return entries.map(([key, value]) => `${key} ${value}`).join(", ");
}

/** What tells runs of one method and setting apart; empty for runs that are repetitions. */
function variantsOf(evaluations: readonly Evaluation[], runs: ReadonlyMap<string, RunRecord>): Map<string, string> {
  const names = [...new Set(evaluations.map((evaluation) => evaluation.run))];
  const variants = new Map(names.map((name) => [name, ""]));
  const comparable = Map.groupBy(
    evaluations,
    (e) => JSON.stringify([e.view, e.probe, e.latents, e.labelledFraction]),
  );
  const differing = new Set<string>();
  const configs = new Map(names.map((name) => [name, comparableConfig(name, runs.get(name)?.config ?? {})]));
  for (const group of comparable.values()) {
    for (const key of differingKeys(group.map((e) => configs.get(e.run)!))) differing.add(key);
  }
  if (differing.size > 0) {
    const shown = [...differing].sort();
    for (const name of names) {
      const config = configs.get(name)!;
      variants.set(name, shown.slice(0, 3).map((key) => `${key} ${config.get(key) ?? "unset"}`).join(", "));
    }
  }
  const repeated = [...comparable.values()].some((group) => hasRepeatedSeed(group, variants));
  if (repeated || differing.size > 3) { for (const name of names) variants.set(name, `run ${name}`); }
  return variants;
}

function hasRepeatedSeed(group: readonly Evaluation[], variants: ReadonlyMap<string, string>): boolean {
  const keys = group.map((e) => JSON.stringify([variants.get(e.run), e.seed, e.probeSeed]));
  return new Set(keys).size < keys.length;
}

function differingKeys(configs: readonly ReadonlyMap<string, string>[]): string[] {
  const all = new Set(configs.flatMap((config) => [...config.keys()]));
  return [...all].filter((key) => new Set(configs.map((config) => config.get(key))).size > 1);
}

/** A configuration without what may differ between repetitions: such keys, and the run's own name in any value. */
function comparableConfig(name: string, config: Readonly<Record<string, unknown>>): Map<string, string> {
  const leaves = [...flatten(config)].filter(([key, value]) =>
    !REPETITION.test(key) && value !== name && !value.includes(`/${name}`)
  );
  return new Map(leaves);
}

/** Every leaf of a configuration under its path: `network.filterDim` -> `64`. */
export function flatten(config: Readonly<Record<string, unknown>>, prefix = ""): Map<string, string> {
  const leaves = new Map<string, string>();
  for (const [key, value] of Object.entries(config)) {
    const path = `${prefix}${key}`;
    if (value !== null && typeof value === "object" && !Array.isArray(value)) {
      for (const [inner, leaf] of flatten(value as Record<string, unknown>, `${path}.`)) leaves.set(inner, leaf);
    } else leaves.set(path, typeof value === "string" ? value : JSON.stringify(value) ?? "");
  }
  return leaves;
}
