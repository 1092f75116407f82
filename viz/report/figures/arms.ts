/**
 * Groups evaluations into the arms that the report compares, and separates repetitions (seeds) from different settings.
 *
 * @module
 */
import type { Evaluation, RunRecord } from "../../../eval/results/results.ts";
import { compareNaturally } from "./natural_order.ts";
import { assignSlots, methodName, methodRank } from "./palette.ts";

/**
 * What one table column or one line of a figure shows: a method, and the setting that distinguishes it from other arms
 * of that method.
 */
export interface Arm {
  readonly method: string;
  /** The setting, or what differs between configurations or runs; empty if the method alone identifies the arm. */
  readonly variant: string;
  /** Display name of method and variant. */
  readonly name: string;
  /** Index of the method's colour in the palette. */
  readonly slot: number;
  /** Index of the dash pattern that distinguishes variants of one method; 0 is solid. */
  readonly dash: number;
  readonly supervised: boolean;
}

/** The arms of the results, and for each evaluation the index of its arm. */
export interface Arms {
  readonly arms: Arm[];
  readonly armOf: number[];
}

/** A run with what may distinguish it from others of its method. */
export type NamedConfig = Pick<RunRecord, "name" | "config">;

/** Configuration keys that may differ between repetitions, or whose values the evaluations record themselves. */
const REPETITION = new RegExp(
  "seed|name|path|dir|root|(^|\\.)(run|out)|resume|created|time|date|labell?ed|fraction|subset|" +
    "probe|worker|log|command|cache|version",
  "i",
);

/** Number of dash patterns in the style sheet. */
const DASHES = 5;

/**
 * Finds the arms. Evaluations of one method and setting are repetitions with different seeds unless their runs were
 * configured differently or a seed appears twice. In that case the differing configuration values, or failing that the
 * run's name, distinguish them, so that only true repetitions are averaged.
 */
export function findArms(results: {
  readonly runs: readonly NamedConfig[];
  readonly evaluations: readonly Evaluation[];
}): Arms {
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

/** Formats a setting with its keys in sorted order: `label-noise 0.2`; empty if there is none. */
export function settingText(setting: Evaluation["setting"]): string {
  const entries = Object.entries(setting).sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0);
  return entries.map(([key, value]) => `${key} ${value}`).join(", ");
}

/** For each run of one method and setting, the text that distinguishes it; empty if the runs are repetitions. */
function variantsOf(evaluations: readonly Evaluation[], runs: ReadonlyMap<string, NamedConfig>): Map<string, string> {
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

/**
 * The parts of a configuration that must agree between repetitions. Values that contain the run's own name are left
 * out.
 */
function comparableConfig(name: string, config: Readonly<Record<string, unknown>>): Map<string, string> {
  const leaves = [...flatten(config)].filter(([key, value]) =>
    !REPETITION.test(key) && value !== name && !value.includes(`/${name}`)
  );
  return new Map(leaves);
}

/** Flattens a configuration to dotted paths: `network.filterDim` -> `64`. */
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
