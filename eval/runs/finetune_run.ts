/**
 * Makes runs that fine-tune another run's encoders: supervised runs whose first checkpoint has these encoders.
 *
 * @module
 */
import { makeFolder, writeFileAtomic } from "../../base/atomic_file.ts";
import { DataError } from "../../base/errors.ts";
import { readRegularText } from "../../base/regular_file.ts";
import { ClassifierInference, type Finetuning, type HostTensor, methodKind } from "../../models/mod.ts";
import { modelState } from "../../models/training_state.ts";
import type { Device } from "../../runtime/mod.ts";
import { latentScale } from "./latent_scale.ts";
import { withTexts } from "../../training/data/run_texts.ts";
import type { RunData } from "../../training/data/run_data.ts";
import { viewsOfRun } from "../../training/data/run_views.ts";
import { type CheckpointChoice, restoreRun, saveFirstState } from "../../training/run/run_checkpoint.ts";
import { checkRunConfig, type RunConfig } from "../../training/run/run_config.ts";
import { writeRunConfig } from "../../training/run/run_draft.ts";
import { readRunConfig, runPaths } from "../../training/run/run_directory.ts";
import { classifierConfig, trainingPairs } from "../../training/run_trainer.ts";

/** The run whose encoders are fine-tuned. */
export interface FinetuneSource {
  /** Its configuration. */
  readonly config: RunConfig;
  /** Its folder. */
  readonly directory: string;
  /** Its data. */
  readonly data: RunData;
  /** Which checkpoint, the last one by default. */
  readonly checkpoint?: CheckpointChoice;
}

/** How they are fine-tuned. */
export interface FinetuneOptions extends Pick<Finetuning, "train"> {
  /** Name of the new run. */
  readonly name: string;
  /** Fraction of the training patients whose labels are used, the same patients as those of probes. */
  readonly labelled: number;
  /** Seed for sampling these patients. */
  readonly seed: number;
  /** Passes over the whole training split; smaller fractions are trained for about as many steps. */
  readonly epochs: number;
  /** Learning rate of the heads and of what else is trained. */
  readonly learningRate: number;
}

/**
 * The configuration of a run that fine-tunes another's encoders.
 *
 * @throws {DataError} if fewer than two pairs are labelled.
 */
export function finetuneConfig(
  { config, data }: Pick<FinetuneSource, "config" | "data">,
  options: FinetuneOptions,
): RunConfig {
  const { name, train, labelled, seed, epochs, learningRate } = options;
  const { prior: _prior, viewWeights: _weights, ...model } = config.model;
  const { ranks: _ranks, ...training } = config.training;
  const latent = methodKind(config.model.method) === "vae" ? "mean" : "features";
  const made: RunConfig = {
    ...config,
    name,
    model: {
      ...model,
      method: "supervised",
      views: [...viewsOfRun(config, data).names],
      finetune: { train, latent, standardized: true },
    },
    training: {
      ...training,
      epochs: Math.max(1, Math.round(epochs / labelled)),
      learningRate,
      alphaSteps: 0,
      labelled,
      labelledSeed: seed,
    },
  };
  const { count } = trainingPairs(made, data);
  if (count < 2) {
    throw new DataError(
      `${Number((labelled * 100).toPrecision(6))}% of the labels leave ${count} ${
        count === 1 ? "pair" : "pairs"
      } to train on, and two or more are ` +
        "needed: give a larger fraction to --labelled",
    );
  }
  made.training.batchSize = Math.min(training.batchSize, count);
  // As it is read from the file, so that an interrupted run is recognised.
  return checkRunConfig(made, { file: name });
}

/**
 * Writes the configuration and the first checkpoint of a run that fine-tunes another's encoders, unless they are there.
 *
 * @throws {DataError} if there is another run in the folder, or the source has no checkpoint.
 */
export async function prepareFinetuning(
  device: Device,
  { source, config, directory }: { source: FinetuneSource; config: RunConfig; directory: string },
): Promise<void> {
  const paths = runPaths(directory);
  const found = await readRunConfig(directory).catch(() => undefined);
  if (found && JSON.stringify(found) !== JSON.stringify(config)) {
    throw new DataError(`${directory} was fine-tuned with other settings: delete it to start again`);
  }
  await makeFolder(paths.checkpoints);
  if (viewsOfRun(source.config, source.data).texts.length > 0) {
    const { vocabulary } = runPaths(source.directory);
    const words = await readRegularText(vocabulary, { maxBytes: 2 ** 28, kind: "a vocabulary" });
    await writeFileAtomic(paths.vocabulary, words);
  }
  if (!found) await writeRunConfig(directory, config);
  let existing = false;
  await restoreRun({ write: () => void (existing = true) }, { paths, config });
  if (existing) return;
  const tensors = await initialState(device, { source, config, directory });
  await saveFirstState(tensors, { paths, config });
}

/** New heads on the source's encoders, with the scale of what these encode. */
async function initialState(
  device: Device,
  { source, config, directory }: { source: FinetuneSource; config: RunConfig; directory: string },
): Promise<Map<string, HostTensor>> {
  const data = await withTexts(source.data, { config, directory, create: false });
  using model = await ClassifierInference.open(device, {
    config: classifierConfig(config, data),
    batchSize: config.training.batchSize,
    seed: config.training.seed,
  });
  const tensors = await model.parameters.read();
  let trained: ReadonlyMap<string, HostTensor> = new Map();
  await restoreRun({ write: (state) => void (trained = modelState(state)) }, {
    paths: runPaths(source.directory),
    config: source.config,
    which: source.checkpoint ?? "last",
    required: true,
  });
  for (const name of [...tensors.keys()].filter((name) => name.startsWith("encoders."))) {
    const own = trained.get(name);
    if (!own) throw new DataError(`${source.directory}: the checkpoint lacks ${name}, so its encoders cannot be used`);
    tensors.set(name, own);
  }
  model.parameters.write(tensors);
  for (const [name, own] of await latentScale(model, { data, views: viewsOfRun(config, data) })) tensors.set(name, own);
  return tensors;
}
