/**
 * What `runs` shows of a run: how far it is, what it has reached, and what is happening with it.
 *
 * @module
 */
import { basename } from "node:path";
import { readResults, type Results } from "../../eval/mod.ts";
import { isLocked, readMetricsFile, readRunConfig, type RunConfig, runPaths, totalSteps } from "../../training/mod.ts";
import { exists } from "../terminal/exists.ts";

/** A run as its files show it. */
export interface RunState {
  readonly config: RunConfig;
  /** Steps done, as far as they are logged. */
  readonly done: number;
  /** Steps of the whole run; undefined before its data are prepared. */
  readonly total: number | undefined;
  /** Loss of the last step. */
  readonly loss: number | undefined;
  /** The best score of its evaluation. */
  readonly best: { readonly auroc: number; readonly view: string } | undefined;
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
    best: results && bestOf(results, config.name),
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
function bestOf({ evaluations }: Results, run: string): RunState["best"] {
  const own = evaluations.filter((evaluation) => evaluation.run === run);
  const most = Math.max(...own.map(({ labelledFraction }) => labelledFraction));
  let best: RunState["best"];
  for (const { labelledFraction, macro, view } of own) {
    const auroc = macro.auroc.value;
    if (labelledFraction === most && auroc !== null && auroc > (best?.auroc ?? -1)) best = { auroc, view };
  }
  return best;
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

/** A score with its view: `0.812 frontal`. */
export function describeBest({ auroc, view }: NonNullable<RunState["best"]>): string {
  return `${auroc.toFixed(3)} ${view}`;
}
