/**
 * `deno task likelihood RUN`: estimates log-likelihoods of held-out pairs: of each view, of all views jointly, and of
 * each view given each other one.
 *
 * @module
 */
import { likelihoodRun } from "../eval/mod.ts";
import { Device } from "../runtime/mod.ts";
import { SPLITS } from "../data/mod.ts";
import { printable } from "./terminal/errors.ts";
import { openTrainedModel, openTrainedRun, RUN_OPERAND, TRAINED_RUN_OPTIONS } from "./run/open_trained_run.ts";
import { choice, flag, integer, parseArguments } from "./options/options.ts";
import { startProgress } from "./terminal/progress.ts";
import { runCli } from "./terminal/run_cli.ts";
import { stopSignals } from "./terminal/stop_signals.ts";
import { formatTable } from "./terminal/table.ts";

const OPTIONS = {
  ...TRAINED_RUN_OPTIONS,
  split: choice(SPLITS, { help: "split to take pairs from", default: "test" }),
  count: integer({ min: 1, max: 1_000_000, help: "maximum number of pairs", default: 256 }),
  draws: integer({ min: 1, max: 100_000, help: "latent samples per pair", default: 64 }),
  seed: integer({ min: 0, max: 2 ** 31 - 1, help: "seed of the samples", default: 0 }),
  json: flag({ help: "print JSON" }),
};

/** Runs the command with these arguments; returns its exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const { values, operands: [run] } = parseArguments({
    name: "likelihood",
    summary: "Estimates log-likelihoods of held-out pairs by importance sampling, in nats per pair.",
    options: OPTIONS,
    operands: RUN_OPERAND,
  }, args);
  const stop = stopSignals("stopping");
  const trained = await openTrainedRun(run!, values);
  const { data } = trained;
  using device = await Device.open();
  using open = await openTrainedModel(device, { ...trained, checkpoint: values.checkpoint });
  using progress = startProgress("estimating", { total: values.count });
  let rows: Awaited<ReturnType<typeof likelihoodRun>>;
  try {
    const { split, count, draws, seed } = values;
    const onProgress = ({ done }: { done: number }) => progress.update(done);
    rows = await likelihoodRun({ open, data, split, count, draws, seed, onProgress, signal: stop.signal });
  } catch (error) {
    if (stop.signal.aborted) return stop.exitCode;
    throw error;
  }
  progress.stop();
  console.log(values.json ? JSON.stringify(rows, null, 2) : printable(format(rows, values.draws)));
  return 0;
}

function format(rows: Awaited<ReturnType<typeof likelihoodRun>>, draws: number): string {
  const cells = rows.map(({ of, given, mean, standardError, pairs, reason }) => [
    `log p(${of.join(", ")}${given.length ? ` | ${given.join(", ")}` : ""})`,
    mean === null ? "n/a" : mean.toFixed(2),
    standardError === null ? "" : standardError.toFixed(2),
    `${pairs}`,
    reason ?? "",
  ]);
  return formatTable(
    [`nats per pair, ${draws} draws`, "mean", "standard error", "pairs", "reason if undefined"],
    cells,
  );
}

if (import.meta.main) await runCli(main);
