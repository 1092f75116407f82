/**
 * What `runs` shows of a run: how far it is, what it has reached, and what is happening with it.
 *
 * @module
 */
import { basename } from "node:path";
import { readResults, type Results } from "../../eval/mod.ts";
import {
  isLocked,
  readMetricsFile,
  readRunConfig,
  readValidations,
  type RunConfig,
  runPaths,
  totalSteps,
  type ValidationLine,
} from "../../training/mod.ts";
import { valueOf } from "../../training/validation/validation_history.ts";
import { exists } from "../terminal/exists.ts";

/** A run's best score: a macro AUROC if one was measured, otherwise the lowest validation loss. */
export interface BestScore {
  /** Name of the score. */
  readonly score: "AUROC" | "loss";
  readonly value: number;
  /** The view, or what else it is of. */
  readonly of: string;
}

/** A run as its files show it. */
export interface RunState {
  readonly config: RunConfig;
  /** Steps done, as far as they are logged. */
  readonly done: number;
  /** Steps of the whole run; undefined before its data are prepared. */
  readonly total: number | undefined;
  /** Loss of the last step. */
  readonly loss: number | undefined;
  /** The best score of its evaluation; without one, of the validations so far. */
  readonly best: BestScore | undefined;
  readonly state: "preparing" | "training" | "evaluating" | "stopped" | "trained" | "evaluated";
}

/** Reads the state of a run, without disturbing the process that works on it. */
export async function readRunState(directory: string): Promise<RunState> {
  const config = await readRunConfig(directory);
  const paths = runPaths(directory);
  const total = await totalSteps(directory, config);
  const last = (await readMetricsFile(paths.metrics)).at(-1);
  const done = last === undefined ? 0 : last.step + 1;
  const results = await exists(paths.results) ? await readResults(paths.results) : undefined;
  const isTrained = total !== undefined && done >= total;
  return {
    config,
    done,
    total,
    loss: last?.loss,
    best: (results && bestOf(results, config.name)) ?? bestValidation(await readValidations(paths.metrics)),
    state: await isLocked(directory)
      ? isTrained ? "evaluating" : done === 0 ? "preparing" : "training"
      : results
      ? "evaluated"
      : isTrained
      ? "trained"
      : "stopped",
  };
}

/** The view with the highest macro AUROC, with all the labels that the run was given. */
function bestOf({ evaluations }: Results, run: string): BestScore | undefined {
  const own = evaluations.filter((evaluation) => evaluation.run === run);
  const most = Math.max(...own.map(({ labelledFraction }) => labelledFraction));
  let best: BestScore | undefined;
  for (const { labelledFraction, macro, view } of own) {
    const auroc = macro.auroc.value;
    if (labelledFraction !== most || auroc === null || auroc <= (best?.value ?? -1)) continue;
    best = { score: "AUROC", value: auroc, of: view };
  }
  return best;
}

/** The highest mean AUROC of the validations, or where none was measured their lowest loss. */
function bestValidation(lines: readonly ValidationLine[]): BestScore | undefined {
  for (const [by, score] of [["auroc", "AUROC"], ["loss", "loss"]] as const) {
    const values = lines.map((line) => valueOf(line, by)).filter((value) => Number.isFinite(value));
    if (values.length === 0) continue;
    const value = score === "loss" ? Math.min(...values) : Math.max(...values);
    return { score, value, of: "validation" };
  }
  return undefined;
}

/** The columns of a run in the table of runs. */
export function describeState({ config: { model, data }, done, total, loss, best, state }: RunState): string[] {
  return [
    model.method,
    data.root === undefined ? data.dataset ?? "" : basename(data.root),
    total === undefined ? `${done || ""}` : `${done} of ${total}`,
    loss === undefined ? "" : loss.toPrecision(5),
    best === undefined ? "" : describeBest(best),
    state,
  ];
}

/** A score with its name and its view: `AUROC 0.812 frontal`, `loss 4310.2 validation`. */
export function describeBest({ score, value, of }: BestScore): string {
  return `${score} ${score === "AUROC" ? value.toFixed(3) : value.toPrecision(5)} ${of}`;
}
