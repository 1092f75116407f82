/**
 * MNIST pairs: AUROC and accuracy of every method by view and seed, through the same code as any run.
 *
 *     deno run -A bench/mnist_pairs.ts                      trains, evaluates and prints the table; finished runs are not repeated
 *     deno run -A bench/mnist_pairs.ts --export DIR         only writes the pairs as raw files, for bench/peers/mnist_pairs_torch.py
 *
 * The protocol: a small network, Laplace likelihood of scale 0.75, beta 0.25, Adam at 1e-3, batches of 64, 5,000 training pairs for 12
 * epochs, alpha annealed over the first 60 % of the steps; multinomial logistic regression on mu of 1,000 training pairs, drawn anew for
 * each seed, scored on 3,000 test pairs.
 *
 * @module
 */
import { join } from "node:path";
import { writeFileAtomic } from "../base/atomic_file.ts";
import { createLoader, fillBatch, labelledSubset, pairsOfSplit, SPLITS } from "../data/mod.ts";
import { evaluateRun, type Evaluation, readResults } from "../eval/mod.ts";
import { openRunData, type RunConfig, type RunData, runPaths, trainingPairs, trainRun } from "../training/mod.ts";
import { Device } from "../runtime/mod.ts";
import { integer, number, parseArguments, path, text } from "../cli/options/options.ts";
import { runCli } from "../cli/terminal/run_cli.ts";
import { formatTable } from "../cli/terminal/table.ts";

const METHODS = ["mmvm", "independent", "poe", "moe", "mopoe", "avg"];
/** Share of the 5,000 training pairs that the probes learn from: 1,000. */
const LABELLED = 0.2;
const CACHE = "cache";

interface Setting {
  readonly method: string;
  readonly seed: number;
  readonly epochs: number;
  readonly beta: number;
}

function configOf({ method, seed, epochs, beta }: Setting): RunConfig {
  return {
    schema: "mmvm-run",
    version: 1,
    name: `${method}-${seed}`,
    data: {
      dataset: "mnist-pairs",
      labels: "chexpert",
      uncertain: "zeros",
      blank: "zeros",
      pairs: "all-combinations",
      splitSeed: 0,
      strict: false,
    },
    model: {
      method,
      network: "small",
      imageSize: 28,
      filterDim: 16,
      latentDim: 16,
      dropout: 0,
      likelihood: { name: "laplace", scale: 0.75 },
    },
    training: {
      seed,
      batchSize: 64,
      epochs,
      learningRate: 1e-3,
      beta,
      alphaSteps: 0,
      labelled: LABELLED,
      labelledSeed: seed,
    },
  };
}

async function runOne(device: Device, data: RunData, options: { setting: Setting; directory: string }) {
  const { setting, directory } = options;
  const draft = configOf(setting);
  const { stepsPerEpoch } = createLoader(data.pixels, {
    index: data.index,
    pairs: trainingPairs(draft, data),
    batchSize: draft.training.batchSize,
  });
  const alphaSteps = Math.round(0.6 * stepsPerEpoch * setting.epochs);
  const config = { ...draft, training: { ...draft.training, alphaSteps } };
  const { results: file, config: configFile } = runPaths(directory);
  const known = await readResults(file).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  });
  if (known) return known;
  await Deno.mkdir(directory, { recursive: true });
  await writeFileAtomic(configFile, `${JSON.stringify(config, null, 2)}\n`);
  await trainRun({ config, directory, data, device, resume: true });
  return await evaluateRun({
    config,
    directory,
    data,
    device,
    bootstrap: { resamples: 100 },
    commands: ["deno run -A bench/mnist_pairs.ts"],
    versions: { deno: Deno.version.deno },
  });
}

function meanAndSpread(values: readonly number[]): string {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1 || 1));
  return `${(100 * mean).toFixed(1)} +- ${(100 * spread).toFixed(1)}`;
}

function printTable(evaluations: readonly Evaluation[], seeds: readonly number[]): void {
  const views = [...new Set(evaluations.map(({ view }) => view))];
  const methods = [...new Set(evaluations.map(({ method }) => method))];
  const values = (method: string, view: string, of: (evaluation: Evaluation) => number) =>
    evaluations.filter((one) => one.method === method && one.view === view).map(of);
  const auroc = (one: Evaluation) => one.macro.auroc.value ?? NaN;
  const accuracy = (one: Evaluation) => one.accuracy?.value ?? NaN;
  console.log(formatTable(
    ["method", ...views.flatMap((view) => [`AUROC, ${view}`, `accuracy, ${view}`])],
    methods.map((method) => [
      method,
      ...views.flatMap((view) => [auroc, accuracy].map((of) => meanAndSpread(values(method, view, of)))),
    ]),
  ));
  console.log(formatTable(
    ["AUROC by seed", ...views.flatMap((view) => seeds.map((seed) => `${view} ${seed}`))],
    methods.map((method) => [
      method,
      ...views.flatMap((view) => values(method, view, auroc).map((value) => (100 * value).toFixed(1))),
    ]),
  ));
}

/** Writes pixels [M, N, 28, 28] and digits [N] of each split, and the numbers of the labelled training pairs of each seed. */
async function exportPairs(
  { index, pixels, pairs }: RunData,
  options: { directory: string; seeds: readonly number[] },
) {
  const { directory, seeds } = options;
  await Deno.mkdir(directory, { recursive: true });
  const counts: Record<string, number> = {};
  for (const split of SPLITS) {
    const { count, images, views, study } = pairsOfSplit(index, pairs, split);
    counts[split] = count;
    const into = {
      pixels: new Uint8Array(views * count * pixels.bytesPerImage),
      present: new Uint8Array(count * views),
    };
    fillBatch(pixels, { images, views, rows: Uint32Array.from({ length: count }, (_, row) => row), into });
    await Deno.writeFile(join(directory, `${split}.pixels`), into.pixels);
    const digits = Uint8Array.from(
      study,
      (number) => index.labels.findIndex((_, label) => index.labelState(number, label) === 1),
    );
    await Deno.writeFile(join(directory, `${split}.digits`), digits);
  }
  const train = pairsOfSplit(index, pairs, "train");
  const labelled = seeds.map((seed) => {
    const chosen = new Set(labelledSubset(index, train, { fraction: LABELLED, seed }).study);
    return [seed, Array.from(train.study, (study, row) => chosen.has(study) ? row : -1).filter((row) => row >= 0)];
  });
  const about = { views: index.views, imageSize: pixels.imageSize, counts, labelled: Object.fromEntries(labelled) };
  await writeFileAtomic(join(directory, "pairs.json"), `${JSON.stringify(about)}\n`);
}

async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArguments({
    name: "mnist-pairs",
    summary: "Trains every method on MNIST pairs over several seeds and prints AUROC and accuracy by view.",
    options: {
      seeds: integer({ min: 1, max: 20, help: "number of seeds, from 1", default: 3 }),
      methods: text({
        pattern: /^[a-z,-]+$/,
        allowed: "methods separated by commas",
        help: "methods to run",
        default: METHODS.join(),
      }),
      epochs: integer({ min: 1, help: "passes over the training pairs", default: 12 }),
      beta: number({ min: 0, help: "weight of the divergence", default: 0.25 }),
      out: path({ help: "folder of the runs", default: "runs/mnist-pairs" }),
      export: path({ help: "only write the pairs as raw files to this folder" }),
    },
  }, args);
  const seeds = Array.from({ length: values.seeds }, (_, i) => i + 1);
  const settings = seeds.flatMap((seed) =>
    values.methods.split(",").map((method): Setting => ({ method, seed, epochs: values.epochs, beta: values.beta }))
  );
  const data = await openRunData({ data: configOf(settings[0]!).data, imageSize: 28, cacheDir: CACHE });
  if (values.export !== undefined) return await exportPairs(data, { directory: values.export, seeds });
  using device = await Device.open();
  console.log(`adapter: ${device.description}`);
  const evaluations: Evaluation[] = [];
  for (const setting of settings) {
    const results = await runOne(device, data, {
      setting,
      directory: join(values.out, `${setting.method}-${setting.seed}`),
    });
    const { seconds } = results.runs[0]!;
    evaluations.push(...results.evaluations);
    const scores = results.evaluations.map(({ view, macro }) =>
      `${view} ${(100 * (macro.auroc.value ?? NaN)).toFixed(1)}`
    );
    console.log(
      `${setting.method}, seed ${setting.seed}: ${scores.join(", ")} (trained in ${seconds.train?.toFixed(0)} s)`,
    );
  }
  printTable(evaluations, seeds);
}

if (import.meta.main) await runCli(main);
