/**
 * Writes MNIST pairs as raw files for `mnist_pairs_torch.py`, the PyTorch counterpart of `experiment table --dataset
 * mnist-pairs`.
 *
 *     deno run -A bench/peers/mnist_pairs_export.ts DIR
 *
 * @module
 */
import { join } from "node:path";
import { writeFileAtomic } from "../../base/atomic_file.ts";
import { parseArguments } from "../../cli/options/options.ts";
import { runCli } from "../../cli/terminal/run_cli.ts";
import { userPath } from "../../cli/terminal/paths.ts";
import { labelledSubset, SPLITS } from "../../data/mod.ts";
import { baseOf } from "../../experiments/definitions/scales.ts";
import { openRunData, type RunData } from "../../training/mod.ts";
import { exportSplits } from "./export_splits.ts";

/** Pixels [M, N, 28, 28] and digits [N] of each split, and the rows of the labelled training pairs for each seed. */
async function exportPairs(
  { index, pixels, pairs }: RunData,
  options: { directory: string; seeds: readonly number[]; labelled: number },
): Promise<void> {
  const { directory, seeds, labelled: fraction } = options;
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
  const counts = Object.fromEntries(SPLITS.map((split) => [split, splits[split].count]));
  const about = { views: index.views, imageSize: pixels.imageSize, counts, labelled: Object.fromEntries(labelled) };
  await writeFileAtomic(join(directory, "pairs.json"), `${JSON.stringify(about)}\n`);
}

async function main(args: readonly string[]): Promise<void> {
  const { operands: [directory] } = parseArguments({
    name: "mnist_pairs_export",
    summary: "Writes MNIST pairs as raw files for mnist_pairs_torch.py.",
    options: {},
    operands: { name: "DIR", help: "where to write them", min: 1, max: 1 },
  }, args);
  const { data, model, seeds, labelled } = baseOf("mnist-pairs", { scale: "small" });
  const opened = await openRunData({ data, imageSize: model.imageSize, cacheDir: "cache" });
  await exportPairs(opened, { directory: userPath(directory!), seeds, labelled });
}

if (import.meta.main) await runCli(main);
