/**
 * `deno task translate RUN`: writes reconstructions, translations between views, and samples: PNG grids of
 * pictures, and lists of texts.
 *
 * @module
 */
import { join } from "node:path";
import { SAMPLE_SOURCES, translateRun } from "../eval/mod.ts";
import { writeFileAtomic } from "../base/atomic_file.ts";
import { requireAnchor } from "../models/mod.ts";
import { Device } from "../runtime/mod.ts";
import { SPLITS } from "../data/mod.ts";
import { printable, UserError } from "./terminal/errors.ts";
import { openTrainedModel, openTrainedRun, RUN_OPERAND, TRAINED_RUN_OPTIONS } from "./run/open_trained_run.ts";
import { choice, integer, parseArguments, path } from "./options/options.ts";
import { runCli } from "./terminal/run_cli.ts";

const OPTIONS = {
  ...TRAINED_RUN_OPTIONS,
  split: choice(SPLITS, { help: "split to take pairs from", default: "test" }),
  count: integer({ min: 1, max: 256, help: "number of pairs to show", default: 8 }),
  samples: choice(SAMPLE_SOURCES, {
    help: "also generate images, from the pairs' posteriors or the standard normal prior",
    default: "none",
  }),
  seed: integer({ min: 0, max: 2 ** 31 - 1, help: "seed of the samples", default: 0 }),
  out: path({ help: "output folder; pictures in the run's folder by default", placeholder: "dir" }),
};

/** Runs the command with these arguments. */
export async function main(args: readonly string[]): Promise<void> {
  const { values, operands: [run] } = parseArguments({
    name: "translate",
    summary:
      "Writes reconstructions, translations between views, and optionally samples: PNG grids, and lists of texts.",
    options: OPTIONS,
    operands: RUN_OPERAND,
  }, args);
  const trained = await openTrainedRun(run!, values);
  const { directory, data } = trained;
  using device = await Device.open();
  using open = await openTrainedModel(device, { ...trained, batchSize: values.count, checkpoint: values.checkpoint });
  if (values.samples === "prior") refuseFadedPrior(open);
  const { split, count, samples, seed } = values;
  const files = await translateRun({ open, data, split, count, samples, seed });
  const out = values.out ?? join(directory, "pictures");
  await Deno.mkdir(out, { recursive: true });
  for (const { name, bytes } of files) {
    const path = join(out, name);
    await writeFileAtomic(path, bytes);
    console.log(printable(path));
  }
  if (!data.index.synthetic) console.error("note: this shows patients; keep it as you keep the data");
}

function refuseFadedPrior({ model, alpha }: Awaited<ReturnType<typeof openTrainedModel>>): void {
  try {
    requireAnchor(model.vae, { alpha, use: "samples from the prior" });
  } catch (error) {
    throw new UserError((error as Error).message);
  }
}

if (import.meta.main) await runCli(main);
