/**
 * Storage of trained runs and their measurements, shared between experiments: `runs/experiments/trained/`.
 *
 * A run's folder is named by a hash of its configuration, so that experiments that need the same run share it.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { writeFileAtomic } from "../base/atomic_file.ts";
import { DataError, nameFile } from "../base/errors.ts";
import { readRegularText } from "../base/regular_file.ts";
import { readResults, writeResults } from "../eval/results/results_file.ts";
import type { Results } from "../eval/results/results.ts";
import { checkRunConfig, type RunConfig } from "../training/run/run_config.ts";
import { readRunFile, runPaths } from "../training/run/run_directory.ts";
import type { EvaluationPlan, RunPlan } from "./experiment.ts";

/** Names below the experiments' folder. */
const TRAINED = "trained";
const PLAN = "plan.json";

/** Serialises a value independently of the order of its fields. */
function canonical(value: unknown): string {
  return JSON.stringify(
    value,
    (_, item) =>
      typeof item === "object" && item !== null && !Array.isArray(item)
        ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => a < b ? -1 : 1))
        : item,
  );
}

function digest(value: unknown): string {
  return createHash("sha256").update(canonical(value)).digest("hex").slice(0, 12);
}

/** Everything that determines a run: its plan without its name. */
function essence({ config, alphaShare }: RunPlan): unknown {
  const { name: _, ...rest } = config;
  return { ...rest, alphaShare };
}

/** The name of a run: method, seed, and a hash of everything that determines it. */
export function planName(plan: RunPlan): string {
  const { model: { method }, training: { seed } } = plan.config;
  return `${method}-${seed}-${digest(essence(plan))}`;
}

/** The folder of a run. */
export function planDirectory(root: string, plan: RunPlan): string {
  return join(root, TRAINED, planName(plan));
}

/** The file of a measurement. */
export function measurementPath(root: string, plan: RunPlan, evaluation: EvaluationPlan): string {
  return join(planDirectory(root, plan), "measured", `${digest(evaluation)}.json`);
}

/**
 * Reads a measurement; `undefined` if it does not exist.
 *
 * @throws {DataError} if the file is damaged, has another version, or belongs to another run.
 */
export async function readMeasurement(
  root: string,
  plan: RunPlan,
  evaluation: EvaluationPlan,
): Promise<Results | undefined> {
  const path = measurementPath(root, plan, evaluation);
  try {
    const results = await readResults(path);
    const [run] = results.runs;
    if (run!.name === planName(plan)) return results;
    throw new DataError(`this belongs to run ${run!.name}, not to ${planName(plan)}; delete it to measure again`, {
      file: path,
    });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Writes a measurement. */
export async function writeMeasurement(
  results: Results,
  at: { root: string; plan: RunPlan; evaluation: EvaluationPlan },
): Promise<void> {
  await writeResults(measurementPath(at.root, at.plan, at.evaluation), results);
}

/**
 * Creates a run's folder, or checks that an existing one belongs to the run.
 *
 * @throws {DataError} if the folder belongs to another run.
 */
export async function claimDirectory(root: string, plan: RunPlan): Promise<string> {
  const directory = planDirectory(root, plan);
  await Deno.mkdir(directory, { recursive: true });
  const file = join(directory, PLAN);
  const wanted = canonical(essence(plan));
  const there = await readRegularText(file, { maxBytes: 2 ** 20, kind: "a plan" }).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  });
  if (there === undefined) await writeFileAtomic(file, `${wanted}\n`);
  else if (there.trim() !== wanted) {
    throw new DataError(`this is another run's plan, not that of ${planName(plan)}; delete the folder`, { file });
  }
  return directory;
}

/**
 * Returns the complete configuration of a run: that in its folder if present, so that a resumed run keeps the exact
 * configuration with which it was started.
 *
 * @param complete Creates the configuration if there is none.
 */
export async function settleConfig(directory: string, complete: () => RunConfig): Promise<RunConfig> {
  const { config: file } = runPaths(directory);
  const there = await Deno.stat(file).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw nameFile(error, file);
  });
  if (there !== undefined) return checkRunConfig(await readRunFile(file, { directory }), { file });
  const config = checkRunConfig(complete(), { file });
  await writeFileAtomic(file, `${JSON.stringify(config, null, 2)}\n`);
  return config;
}
