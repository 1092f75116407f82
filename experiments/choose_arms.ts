/**
 * Chooses the arms of an experiment by their setting or their method, and its parts by what became of their runs.
 *
 * @module
 */
import { settingText } from "../eval/results/evaluation_groups.ts";
import type { Arm, Part } from "./experiment.ts";
import { planName } from "./run_store.ts";

/** The name of the setting of arms that have none. */
const BASE = "base";

/**
 * The arms with a setting, given by the name of what is varied, by a value of it, or whole: `label-noise`, `0.2` or
 * `label-noise 0.2`. Arms without a setting are those of `base`.
 */
export function ofSetting(parts: readonly Part[], name: string): Part[] {
  return withArms(parts, (arm) => namesOf(arm).includes(name));
}

/** The arms of methods, given by name. */
export function ofMethods(parts: readonly Part[], methods: readonly string[]): Part[] {
  return withArms(parts, (arm) => methods.includes(methodName(arm)));
}

/** The name of every method, in the order of the arms. */
export function methodsOf(parts: readonly Part[]): string[] {
  return [...new Set(parts.flatMap(({ arms }) => arms.map(methodName)))];
}

/** Every setting, as text: `base`, `label-noise 0.2`. */
export function settingsOf(parts: readonly Part[]): string[] {
  const texts = parts.flatMap(({ arms }) => arms.map(({ setting = {} }) => settingText(setting) || BASE));
  return [...new Set(texts)];
}

/** The parts none of whose runs failed, by their names: those that can be tabulated as they were meant. */
export function partsWithout(parts: readonly Part[], failed: readonly string[]): Part[] {
  return parts.filter(({ arms }) => !arms.some(({ run }) => failed.includes(planName(run))));
}

/** The parts with the arms that are accepted, without those of which none is. */
function withArms(parts: readonly Part[], accepts: (arm: Arm) => boolean): Part[] {
  return parts.map((part) => ({ ...part, arms: part.arms.filter(accepts) })).filter(({ arms }) => arms.length > 0);
}

function methodName({ run }: Arm): string {
  return run.config.model.method;
}

function namesOf({ setting = {} }: Arm): string[] {
  const entries = Object.entries(setting);
  if (entries.length === 0) return [BASE];
  return [settingText(setting), ...entries.flatMap(([key, value]) => [key, String(value)])];
}
