/**
 * `deno task sample RUN`: writes new pictures (and texts), drawn from a Gaussian mixture fitted to a trained model's
 * aggregate posterior.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { sampleRun } from "../eval/mod.ts";
import { writeFileAtomic } from "../base/atomic_file.ts";
import { Device } from "../runtime/mod.ts";
import { printable } from "./terminal/errors.ts";
import { openTrainedModel, openTrainedRun, RUN_OPERAND, TRAINED_RUN_OPTIONS } from "./run/open_trained_run.ts";
import { integer, parseArguments, path } from "./options/options.ts";
import { stageProgress } from "./run/run_output.ts";
import { runCli } from "./terminal/run_cli.ts";

const OPTIONS = {
  ...TRAINED_RUN_OPTIONS,
  count: integer({ min: 1, max: 99_999, help: "number of samples", default: 64 }),
  seed: integer({ min: 0, max: 2 ** 31 - 1, help: "seed of the mixture and the samples", default: 0 }),
  out: path({ help: "output folder; samples in the run's folder by default", placeholder: "dir" }),
};

/** Runs the command with these arguments. */
export async function main(args: readonly string[]): Promise<void> {
  const { values, operands: [run] } = parseArguments({
    name: "sample",
    summary:
      "Writes new samples of all views, drawn from a Gaussian mixture fitted to the run's aggregate posterior: " +
      "a PNG or text file for each sample and view, and an overview.",
    options: OPTIONS,
    operands: RUN_OPERAND,
  }, args);
  const trained = await openTrainedRun(run!, values);
  const { directory, data } = trained;
  using device = await Device.open();
  using open = await openTrainedModel(device, { ...trained, checkpoint: values.checkpoint });
  const { count, seed } = values;
  const out = values.out ?? join(directory, "samples");
  using progress = stageProgress();
  let written = 0;
  for await (
    const { name, bytes } of sampleRun({
      open,
      data,
      count,
      seed,
      onFitted: (mixtures) => {
        progress.stop();
        for (const { view, mixture: { kind, weights }, latents, heldOut } of mixtures) {
          console.error(printable(
            `${view === undefined ? "" : `${view}: `}${weights.length} component${
              weights.length === 1 ? "" : "s"
            } with ${kind} covariances, fitted to ` +
              `${latents} latents; held-out log-likelihood ${heldOut.toFixed(2)} nats`,
          ));
        }
      },
      onProgress: progress.update,
    })
  ) {
    const file = join(out, name);
    await Deno.mkdir(dirname(file), { recursive: true });
    await writeFileAtomic(file, bytes);
    written++;
  }
  progress.stop();
  console.log(printable(`${written} files in ${out}`));
  if (!data.index.synthetic) {
    console.error("note: samples of a model that saw patients may resemble them; keep them as you keep the data");
  }
}

if (import.meta.main) await runCli(main);
