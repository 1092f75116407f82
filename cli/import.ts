/**
 * `deno task import FILE.safetensors --run NAME`: makes a run of a state_dict that was trained in PyTorch.
 *
 * @module
 */
import { basename } from "node:path";
import { isDigits, openDataset } from "../data/mod.ts";
import { methodKind, methodOf } from "../models/mod.ts";
import { runPaths, writeRunConfig } from "../training/mod.ts";
import { checkState, type ImportedState, readTensors } from "../training/run/import_state.ts";
import { saveFirstState } from "../training/run/run_checkpoint.ts";
import { pretrainedClassifier, type TorchvisionState, torchvisionState } from "../training/run/torchvision_state.ts";
import { checkRunConfig, type RunConfig } from "../training/run/run_config.ts";
import { integer, type OptionValues, parseArguments, runName } from "./options/options.ts";
import {
  DATA_OPTIONS,
  datasetOptions,
  requireNetwork,
  runConfigOf,
  runDirectory,
  TRAIN_OPTIONS,
  type TrainValues,
} from "./options/run_options.ts";
import { takeRunDirectory } from "./run/start_run.ts";
import { printable, UsageError, UserError } from "./terminal/errors.ts";
import { exists } from "./terminal/exists.ts";
import { userPath } from "./terminal/paths.ts";
import { runCli } from "./terminal/run_cli.ts";

const { method, views, privateDim, likelihood, scale, dropout, batchSize, seed } = TRAIN_OPTIONS;

const OPTIONS = {
  run: runName({ help: "name of the new run; its files are in runs/NAME" }),
  ...{ method, views, privateDim, likelihood, scale, dropout, batchSize, seed },
  imageSize: integer({ min: 4, max: 1024, help: "side of the images that torchvision's encoders see, by default 64" }),
  data: TRAIN_OPTIONS.data,
  ...DATA_OPTIONS,
};

type Values = OptionValues<typeof OPTIONS>;

/** Settings without a flag here have the defaults of `train`. */
const DEFAULTS = Object.fromEntries(Object.entries(TRAIN_OPTIONS).map(([name, option]) => [name, option.default]));

/** Runs the command with these arguments. */
export async function main(args: readonly string[]): Promise<void> {
  const { values, operands: [file] } = parseArguments({
    name: "import",
    summary:
      "Makes a run of a PyTorch state_dict: of a VAE, named as in the authors' implementation, whose network and " +
      "sizes follow from the tensors; or of torchvision's densenet121 or resnet50, to fine-tune as encoders.",
    options: OPTIONS,
    operands: { name: "FILE", help: "state_dict in the safetensors format", min: 1, max: 1 },
  }, args);
  const { run, data, dataset } = values;
  if (run === undefined) throw new UsageError("import needs --run NAME, the name of the new run");
  if (data === undefined && !isDigits(dataset)) {
    throw new UsageError("import needs --data DIR, the data that the run is evaluated on, or --dataset mnist-pairs");
  }
  const path = userPath(file!);
  const tensors = await readTensors(path);
  const directory = runDirectory(run);
  if (await exists(directory)) {
    throw new UserError(`${directory} is there already: choose another --run NAME, or delete the directory`);
  }
  const pretrained = torchvisionState(tensors);
  if (pretrained !== undefined) {
    return await importEncoders(pretrained, { values: { ...values, run }, path, directory });
  }
  const state = checkState(tensors, { path });
  if (values.imageSize !== undefined) throw new UsageError("--image-size follows from a VAE's tensors: leave it out");
  requireViews(values, state);
  requirePriors(values, state);
  const all = { ...DEFAULTS, ...values, ...state.sizes, run } as TrainValues;
  requireNetwork(all);
  const config = checkRunConfig(runConfigOf(all, { root: data, alphaSteps: 0 }), { file: basename(path) });
  using _lock = await takeRunDirectory(directory, { resume: false });
  await writeRunConfig(directory, config);
  await saveImported(config, { directory, state });
  const { network, imageSize, filterDim, latentDim } = state.sizes;
  console.log(printable(
    `${directory}: ${state.views} views, ${network} network at ${imageSize} pixels, ${filterDim} filters, ` +
      `${latentDim} latent dimensions\n\`deno task evaluate ${run}\` measures it`,
  ));
}

/** Makes a run of a classifier of torchvision's encoders, one for each view, whose heads are still to be trained. */
async function importEncoders(
  state: TorchvisionState,
  { values, path, directory }: { values: Values & { run: string }; path: string; directory: string },
): Promise<void> {
  const { network } = state;
  const { run, data } = values;
  const index = await openDataset(datasetOptions({ ...DEFAULTS, ...values } as TrainValues, data));
  const { imageSize = TRAIN_OPTIONS.imageSize.default, views = [...index.views] } = values;
  const all = { ...DEFAULTS, ...values, method: "supervised", network, imageSize, views } as TrainValues;
  requireNetwork(all);
  const config = checkRunConfig(runConfigOf(all, { root: data, alphaSteps: 0 }), { file: basename(path) });
  const { loss: _loss, positiveWeights: _weights, ...model } = config.model;
  const tensors = pretrainedClassifier(state, {
    config: { ...model, views, labels: index.labels.length },
    file: path,
  });
  using _lock = await takeRunDirectory(directory, { resume: false });
  await writeRunConfig(directory, config);
  await saveFirstState(tensors, { paths: runPaths(directory), config });
  console.log(printable(
    `${directory}: torchvision's ${network} as the encoder of ${views.join(" and ")} at ${imageSize} pixels\n` +
      `\`deno task finetune ${run}\` trains heads on it, with --train all the encoders too`,
  ));
}

/** Writes the state as the run's first checkpoint, before any step. */
function saveImported(config: RunConfig, to: { directory: string; state: ImportedState }): Promise<void> {
  return saveFirstState(new Map(to.state.tensors), { paths: runPaths(to.directory), config });
}

/** Checks what the flags say of the views; the data's own views are known to the tasks that use the run. */
function requireViews(
  { method, views }: { method: string; views: string[] | undefined },
  state: Pick<ImportedState, "views">,
): void {
  const kind = methodKind(method);
  if (kind !== "vae") {
    const what = kind === "classifier" ? "is a classifier" : "aligns embeddings";
    throw new UsageError(`--method ${method} ${what}, but the state_dict is of a VAE: give the VAE's method`);
  }
  const { view } = methodOf(method);
  const named = view === undefined ? views?.length : 1;
  if (named === undefined || named === state.views) return;
  const flag = view === undefined ? `--views ${views!.join(",")}` : `--method ${method}`;
  throw new UserError(`${flag} names ${named} views, but the state_dict has ${state.views} encoders`);
}

/** Checks that the state_dict has auxiliary priors of private latents if, and only if, the method has. */
function requirePriors(
  { method, privateDim }: { method: string; privateDim: number | undefined },
  { sizes }: Pick<ImportedState, "sizes">,
): void {
  const needed = method === "mmvae-plus";
  if (needed !== (sizes.privateDim !== undefined)) {
    throw new UserError(
      needed
        ? "the state_dict lacks private_priors.N, which --method mmvae-plus has: give the method that it is of"
        : `the state_dict has private_priors.N, which --method ${method} has not: give --method mmvae-plus`,
    );
  }
  if (needed && privateDim !== undefined && privateDim !== sizes.privateDim) {
    throw new UserError(
      `--private-dim is ${privateDim}, but the state_dict has ${sizes.privateDim} private dimensions`,
    );
  }
}

if (import.meta.main) await runCli(main);
