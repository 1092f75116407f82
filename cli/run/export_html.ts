/**
 * Writes a run's model as one HTML file.
 *
 * @module
 */
import { join } from "node:path";
import { readResults } from "../../eval/results/results_file.ts";
import { exportModel } from "../../page/export/export_model.ts";
import { cardOf, isExact, lossText, STORAGE_NAMES, UNCHANGED } from "../../page/export/model_card.ts";
import { modelPart } from "../../page/render/model_part.ts";
import type { ModelStorage } from "../../page/stored/stored_weights.ts";
import { Device } from "../../runtime/mod.ts";
import { runPaths } from "../../training/mod.ts";
import { printable, UserError } from "../terminal/errors.ts";
import { exists } from "../terminal/exists.ts";
import { type Progress, startProgress } from "../terminal/progress.ts";
import { stopSignals } from "../terminal/stop_signals.ts";
import type { OptionValues } from "../options/options.ts";
import { openTrainedRun, type TRAINED_RUN_OPTIONS } from "./open_trained_run.ts";
import { runDirectory } from "../options/run_options.ts";
import { writeReport } from "./write_report.ts";

/** What `deno task export --format html` was asked for. */
export type ExportHtmlOptions = OptionValues<typeof TRAINED_RUN_OPTIONS> & {
  /** The page, which begins with the model. */
  readonly out?: string | undefined;
  /** The report, which ends with it; instead of `out`. */
  readonly into?: string | undefined;
  readonly storage: ModelStorage;
  readonly probes: boolean;
  readonly neighbours: boolean;
  readonly includeImages: boolean;
};

/**
 * Exports a run's model into the page, the report or both, and prints what storing the weights cost.
 *
 * @returns The exit code.
 */
export async function exportHtml(run: string, options: ExportHtmlOptions): Promise<number> {
  const stop = stopSignals("stopping without writing");
  const directory = runDirectory(run);
  const { results: file } = runPaths(directory);
  if (await exists(runPaths(directory).config) && !await exists(file)) {
    throw new UserError(`${directory} has no results.json, which the page shows: run deno task evaluate ${run} first`);
  }
  const trained = await openTrainedRun(run, options);
  const results = await readResults(file);
  using device = await Device.open();
  let progress: Progress | undefined;
  let exported: Awaited<ReturnType<typeof exportModel>>;
  try {
    exported = await exportModel(device, {
      ...options,
      ...trained,
      signal: stop.signal,
      onProgress: ({ done, total }) => (progress ??= startProgress("encoding", { total })).update(done),
      onWarning: (message) => console.error(printable(`warning: ${message}`)),
    });
  } catch (error) {
    if (stop.signal.aborted) return stop.exitCode;
    throw error;
  } finally {
    progress?.stop();
  }
  const { storage, tensors } = exported.model;
  const stored = STORAGE_NAMES[storage];
  if (isExact(storage)) console.log(`${stored}: ${UNCHANGED}`);
  for (const loss of exported.losses) console.log(printable(`${stored}, ${loss.view}: ${lossText(loss)}`));
  const { losses } = exported;
  const card = cardOf(trained.config, { data: results.data, storage, tensors, losses });
  const model = { ...exported.model, card };
  const out = options.out ?? (options.into === undefined ? join(directory, "model.html") : undefined);
  const targets = [[out, "first"], [options.into, "last"]] as const;
  for (const [path, place] of targets) {
    if (path === undefined) continue;
    const part = modelPart(model, { ...exported, place });
    const written = await writeReport(results, { path, part, includeImages: options.includeImages });
    const { size } = await Deno.stat(written);
    console.log(printable(`${written} (${(size / 1e6).toFixed(1)} MB)`));
  }
  return 0;
}
