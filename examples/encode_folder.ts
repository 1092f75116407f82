/**
 * Encodes a data folder with a trained run, and finds the study whose frontal image looks most like the first one's.
 * Without arguments it first trains a small run on phantoms for a few seconds.
 *
 *     deno run -A examples/encode_folder.ts [RUN DIR]
 *
 * @module
 */
import { encodeRun, openModel } from "../eval/mod.ts";
import { writePhantoms } from "../phantoms/mod.ts";
import { Device } from "../runtime/mod.ts";
import { neededData, openRunData, readRunConfig, type RunConfig, trainRun, writeRunConfig } from "../training/mod.ts";

const CACHE = "cache";
const POLICIES = { labels: "chexpert", uncertain: "zeros", blank: "zeros", splitSeed: 0, strict: false } as const;
const SIZES = { imageSize: 64, filterDim: 2, latentDim: 4, dropout: 0 };
using device = await Device.open();
const [run, root] = Deno.args.length === 2 ? Deno.args as [string, string] : await trainSmall();

const trained = await readRunConfig(run);
const config: RunConfig = { ...trained, data: { ...trained.data, root } };
const data = await openRunData({ ...neededData(config), cacheDir: CACHE });
// The model is that of the run's last checkpoint.
using open = await openModel(device, { directory: run, config, data });
const { tensors } = await encodeRun({ open, data });

// One row a pair, in the order of data.pairs; NaN where a study lacks the view.
const { data: mu, shape: [pairs, dimension] } = tensors.get("mu.frontal")! as { data: Float32Array; shape: number[] };
console.log(`${pairs} pairs, ${dimension} latent dimensions`);
const latent = (row: number) => mu.subarray(row * dimension!, (row + 1) * dimension!);
const distance = (row: number) => Math.hypot(...latent(row).map((value, d) => value - latent(0)[d]!));
const others = Array.from({ length: pairs! - 1 }, (_, i) => i + 1).filter((row) => !Number.isNaN(distance(row)));
const nearest = others.reduce((best, row) => distance(row) < distance(best) ? row : best);
console.log(`nearest to pair 0 is pair ${nearest}, at a distance of ${distance(nearest).toFixed(2)}`);

/** Trains MMVM on a few phantoms for one epoch; returns the folders of the run and of its data. */
async function trainSmall(): Promise<[string, string]> {
  const { root } = await writePhantoms("cache/example-phantoms", { studies: 40, seed: 1 });
  const config: RunConfig = {
    schema: "mmvm-run",
    version: 1,
    name: "example",
    data: { ...POLICIES, root, pairs: "all-combinations" },
    model: { ...SIZES, method: "mmvm", network: "residual", likelihood: { name: "laplace", scale: 0.75 } },
    training: { seed: 1, batchSize: 8, epochs: 1, learningRate: 1e-3, beta: 1, alphaSteps: 0 },
  };
  const directory = "runs/example";
  await writeRunConfig(directory, config);
  await trainRun({ config, directory, device, data: await openRunData({ ...neededData(config), cacheDir: CACHE }) });
  return [directory, root];
}
