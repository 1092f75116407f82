/**
 * `deno task encode RUN`: writes the latents of every pair as safetensors, and the identifiers of the rows as CSV.
 *
 * @module
 */
import { join } from "node:path";
import { encodeRun, idsFile, latentsFile, viewNumbers } from "../eval/mod.ts";
import { writeFileAtomic } from "../base/atomic_file.ts";
import { methodKind, methodOf } from "../models/mod.ts";
import { Device } from "../runtime/mod.ts";
import { printable, UserError } from "./terminal/errors.ts";
import { openTrainedEncoders, openTrainedRun, RUN_OPERAND, TRAINED_RUN_OPTIONS } from "./run/open_trained_run.ts";
import { flag, integer, parseArguments, path } from "./options/options.ts";
import { startProgress } from "./terminal/progress.ts";
import { runCli } from "./terminal/run_cli.ts";
import { TRAIN_OPTIONS } from "./options/run_options.ts";
import { stopSignals } from "./terminal/stop_signals.ts";

/** Runs the command with these arguments; returns its exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const { values, operands: [run] } = parseArguments({
    name: "encode",
    summary: "Writes the latents of every pair (mu and logvar, or the features of models without posteriors) and the " +
      "identifiers of their rows.",
    options: {
      ...TRAINED_RUN_OPTIONS,
      views: { ...TRAIN_OPTIONS.views, help: "views to encode or to aggregate; all by default" },
      aggregate: flag({ help: "write one joint posterior per pair instead of one per view" }),
      seed: integer({ min: 0, max: 2 ** 31 - 1, help: "seed for sampling mixture components", default: 0 }),
      out: path({ help: "output folder; latents in the run's folder by default", placeholder: "dir" }),
    },
    operands: RUN_OPERAND,
  }, args);
  const stop = stopSignals("stopping without writing");
  const trained = await openTrainedRun(run!, values);
  const { directory, config, data } = trained;
  using device = await Device.open();
  using open = await openTrainedEncoders(device, { ...trained, checkpoint: values.checkpoint });
  const { method } = config.model;
  if (values.aggregate && methodKind(method) !== "vae") {
    throw new UserError(`method ${method} has features a view and no posteriors: leave --aggregate out`);
  }
  if (values.aggregate && !methodOf(method).aggregate) {
    throw new UserError(
      `method ${method} keeps one posterior a view and has none after aggregation: leave --aggregate out`,
    );
  }
  using progress = startProgress("encoding", { total: open.views.pairs.count });
  let latents: Awaited<ReturnType<typeof encodeRun>>;
  try {
    latents = await encodeRun({
      open,
      data,
      views: viewNumbers(open.views, values.views),
      aggregate: values.aggregate,
      seed: values.seed,
      signal: stop.signal,
      onProgress: ({ done }) => progress.update(done),
    });
  } catch (error) {
    if (stop.signal.aborted) return stop.exitCode;
    throw error;
  }
  progress.stop();
  const out = values.out ?? join(directory, "latents");
  await Deno.mkdir(out, { recursive: true });
  const files = { tensors: join(out, "latents.safetensors"), ids: join(out, "ids.csv") };
  await writeFileAtomic(files.tensors, latentsFile(latents, { run: config.name, method }));
  await writeFileAtomic(files.ids, idsFile(data.index, { views: open.views }));
  for (const [name, { shape }] of latents.tensors) console.log(printable(`${name}: ${shape.join(" x ")}`));
  console.log(printable(`${files.tensors}\n${files.ids}`));
  return 0;
}

if (import.meta.main) await runCli(main);
