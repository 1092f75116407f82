/**
 * Writes MNIST pairs or translated PolyMNIST as raw files for their PyTorch counterparts, `mnist_pairs_torch.py` (of
 * `experiment table --dataset mnist-pairs`) and `polymnist_torch.py` (of `experiment polymnist`).
 *
 *     deno run -A bench/peers/digits_export.ts --dataset polymnist DIR
 *
 * @module
 */
import { join } from "node:path";
import { writeFileAtomic } from "../../base/atomic_file.ts";
import { choice, parseArguments } from "../../cli/options/options.ts";
import { runCli } from "../../cli/terminal/run_cli.ts";
import { userPath } from "../../cli/terminal/paths.ts";
import { labelledSubset, SPLITS } from "../../data/mod.ts";
import type { Base } from "../../experiments/experiment.ts";
import { baseOf } from "../../experiments/definitions/scales.ts";
import { openRunData, type RunData } from "../../training/mod.ts";
import { exportSplits } from "./export_splits.ts";

/**
 * Writes pixels [M, N, S, S] and digits [N] of each split, and in `pairs.json` what they are, how a run is trained on
 * them, and the rows of the labelled training pairs for each seed.
 */
export async function exportDigits(
  { index, pixels, pairs }: Pick<RunData, "index" | "pixels" | "pairs">,
  options: { directory: string; base: Pick<Base, "seeds" | "labelled" | "model" | "training"> },
): Promise<void> {
  const { directory, base: { seeds, labelled: fraction, model, training } } = options;
  const splits = await exportSplits({ index, pixels, pairs }, directory);
  for (const split of SPLITS) {
    const digits = Uint8Array.from(
      splits[split].study,
      (number) => index.labels.findIndex((_, label) => index.labelState(number, label) === 1),
    );
    await writeFileAtomic(join(directory, `${split}.digits`), digits);
  }
  const { train } = splits;
  const labelled = seeds.map((seed) => {
    const chosen = new Set(labelledSubset(index, train, { fraction, seed }).study);
    return [seed, Array.from(train.study, (study, row) => chosen.has(study) ? row : -1).filter((row) => row >= 0)];
  });
  const about = {
    views: index.views,
    imageSize: pixels.imageSize,
    counts: Object.fromEntries(SPLITS.map((split) => [split, splits[split].count])),
    model,
    training,
    labelled: Object.fromEntries(labelled),
  };
  await writeFileAtomic(join(directory, "pairs.json"), `${JSON.stringify(about)}\n`);
}

async function main(args: readonly string[]): Promise<void> {
  const { operands: [directory], values: { dataset } } = parseArguments({
    name: "digits_export",
    summary: "Writes a data set of digits as raw files for mnist_pairs_torch.py or polymnist_torch.py.",
    options: { dataset: choice(["mnist-pairs", "polymnist"], { help: "what to write", default: "mnist-pairs" }) },
    operands: { name: "DIR", help: "where to write it", min: 1, max: 1 },
  }, args);
  const base = baseOf(dataset, { scale: "small" });
  const opened = await openRunData({ data: base.data, imageSize: base.model.imageSize, cacheDir: "cache" });
  await exportDigits(opened, { directory: userPath(directory!), base });
}

if (import.meta.main) await runCli(main);
