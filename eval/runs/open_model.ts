/**
 * Opens a run's trained model for inference.
 *
 * @module
 */
import { DataError } from "../../base/errors.ts";
import { EncoderInference, methodKind, VaeInference } from "../../models/mod.ts";
import type { Device } from "../../runtime/mod.ts";
import { alphaSchedule } from "../../training/annealing.ts";
import { type CheckpointChoice, restoreRun } from "../../training/run/run_checkpoint.ts";
import type { RunConfig } from "../../training/run/run_config.ts";
import type { RunData, RunTexts } from "../../training/data/run_data.ts";
import { runPaths } from "../../training/run/run_directory.ts";
import { encodersConfig, vaeConfig } from "../../training/run_trainer.ts";
import { withTexts } from "../../training/data/run_texts.ts";
import { type RunViews, viewsOfRun } from "../../training/data/run_views.ts";

/** Options of {@linkcode openModel}. */
export interface OpenModelOptions {
  /** The configuration of the run. */
  readonly config: RunConfig;
  /** Folder of the run. */
  readonly directory: string;
  /** Data to apply it to: the training data set or another one with the same views. */
  readonly data: RunData;
  /** Which checkpoint, the last one by default. */
  readonly checkpoint?: CheckpointChoice;
  /** Batch size; that of training by default. */
  readonly batchSize?: number;
  /** Called with each warning, one sentence. */
  readonly onWarning?: (message: string) => void;
}

/** A trained model and the views of its data. Dispose of it to free GPU memory. */
export interface OpenModel extends Disposable {
  /** The model in evaluation mode. */
  readonly model: VaeInference;
  /** The views of the run and their numbers in the data. */
  readonly views: RunViews;
  /** The data's texts by the run's vocabulary, if the run has a text view. */
  readonly texts?: RunTexts;
  /** Weight of the standard normal prior of the MMVM VAE at the last step. */
  readonly alpha: number;
}

/**
 * Opens a run's model with the parameters of its last checkpoint, or of its best one.
 *
 * @throws {DataError} if the run is not of a VAE, has no checkpoint, or uses a view that the data lack.
 */
export async function openModel(device: Device, options: OpenModelOptions): Promise<OpenModel> {
  const { config, directory, data, batchSize = config.training.batchSize } = options;
  const kind = methodKind(config.model.method);
  if (kind !== "vae") {
    throw new DataError(
      `${directory} is a run of ${config.model.method}, ${
        kind === "classifier" ? "a classifier" : "which aligns embeddings"
      }: it has no decoder and draws no images, so give a run of a VAE`,
    );
  }
  const views = viewsOfRun(config, data);
  const { texts } = await withTexts(data, { config, directory, create: false });
  const model = VaeInference.open(device, {
    config: vaeConfig(config, views, texts ? { texts } : {}),
    batchSize,
    precision: config.training.precision ?? "f32",
  });
  try {
    const restored = await restoreRun(model, {
      paths: runPaths(directory),
      config,
      which: options.checkpoint ?? "last",
      required: true,
      ...(options.onWarning ? { onWarning: options.onWarning } : {}),
    });
    const alpha = alphaSchedule(config.training)(Math.max(0, restored!.step - 1));
    return { model, views, alpha, ...(texts ? { texts } : {}), [Symbol.dispose]: () => model[Symbol.dispose]() };
  } catch (error) {
    model[Symbol.dispose]();
    throw error;
  }
}

/** The encoders of a trained run and the views of its data. Dispose of it to free GPU memory. */
export interface OpenEncoders extends Disposable {
  /** The whole VAE, or of other models the encoders alone, in evaluation mode. */
  readonly model: VaeInference | EncoderInference;
  /** The views of the run and their numbers in the data. */
  readonly views: RunViews;
  /** The data's texts by the run's vocabulary, if the run has a text view. */
  readonly texts?: RunTexts;
}

/**
 * Opens a run's encoders with the parameters of its last checkpoint, or of its best one, whatever its method.
 *
 * @throws {DataError} if the run has no checkpoint, or uses a view that the data lack.
 */
export async function openEncoders(device: Device, options: OpenModelOptions): Promise<OpenEncoders> {
  const { config, directory, data, batchSize = config.training.batchSize, onWarning } = options;
  if (methodKind(config.model.method) === "vae") return await openModel(device, options);
  const views = viewsOfRun(config, data);
  const { texts } = await withTexts(data, { config, directory, create: false });
  const model = await EncoderInference.open(device, {
    config: encodersConfig(config, views, texts ? { texts } : {}),
    batchSize,
    precision: config.training.precision ?? "f32",
  });
  try {
    const paths = runPaths(directory);
    const which = options.checkpoint ?? "last";
    await restoreRun(model, { paths, config, which, required: true, ...(onWarning ? { onWarning } : {}) });
    return { model, views, ...(texts ? { texts } : {}), [Symbol.dispose]: () => model[Symbol.dispose]() };
  } catch (error) {
    model[Symbol.dispose]();
    throw error;
  }
}

/**
 * Converts view names to the model's view indices; all of them if no names are given.
 *
 * @throws {DataError} naming a view that the model does not have.
 */
export function viewNumbers(views: RunViews, names: readonly string[] | undefined): number[] {
  return (names ?? views.names).map((name) => {
    const number = views.names.indexOf(name);
    if (number < 0) throw new DataError(`the model has no view ${name}: its views are ${views.names.join(", ")}`);
    return number;
  });
}
