/**
 * The judge of generated images: classifiers trained by our own supervised method on real images, one per view.
 *
 * @module
 */
import { isDigits } from "../../data/mod.ts";
import { join } from "node:path";
import { writeFileAtomic } from "../../base/atomic_file.ts";
import { DataError, nameFile } from "../../base/errors.ts";
import { ClassifierInference } from "../../models/mod.ts";
import type { Device } from "../../runtime/mod.ts";
import type { RunData } from "../../training/data/run_data.ts";
import { viewsOfRun } from "../../training/data/run_views.ts";
import { restoreRun } from "../../training/run/run_checkpoint.ts";
import { checkRunConfig, type RunConfig } from "../../training/run/run_config.ts";
import { readRunFile, runPaths } from "../../training/run/run_directory.ts";
import { lockRun } from "../../training/run/run_lock.ts";
import { classifierConfig } from "../../training/run_trainer.ts";
import { trainRun } from "../../training/train_run.ts";

/** Options of {@linkcode openJudge}. */
export interface JudgeOptions {
  /** The run whose images are judged. */
  readonly config: RunConfig;
  /** Its folder; a judge of its own is in the folder `judge` there. */
  readonly directory: string;
  readonly data: RunData;
  readonly device: Device;
  /** The folder and configuration of another run of `supervised` to use as judge. */
  readonly judge?: { readonly config: RunConfig; readonly directory: string } | undefined;
  readonly onProgress?: (progress: { stage: string; done: number; total: number }) => void;
  readonly onWarning?: (message: string) => void;
  readonly signal?: AbortSignal;
}

/** Scores and features of a batch's images of one view. */
export interface Judged {
  /** Probabilities, [N, labels]. */
  readonly scores: Float64Array;
  /** The layer before the last one, [N, features]. */
  readonly features: Float32Array;
}

/** Trained classifiers of the image views. Dispose of it to free GPU memory. */
export class Judge implements Disposable {
  constructor(
    private readonly model: ClassifierInference,
    /** Name of the classifier's run. */
    readonly name: string,
  ) {}

  /** Names of the views that it judges. */
  get views(): readonly string[] {
    return this.model.shape.views;
  }

  /** Number of images in a batch. */
  get batchSize(): number {
    return this.model.shape.batchSize;
  }

  /**
   * Judges images of one view.
   *
   * @param images Bytes, at most a batch of them; the rows behind are padding.
   */
  async judge(images: Uint8Array, view: string): Promise<Judged> {
    const { views, batchSize, imageSize } = this.model.shape;
    const m = views.indexOf(view);
    const size = imageSize ** 2;
    const pixels = new Uint8Array(views.length * batchSize * size);
    pixels.set(images, m * batchSize * size);
    const { views: scores } = await this.model.score(pixels);
    const features = await this.model.features(pixels);
    return { scores: scores[m]!, features: features[m]! };
  }

  /** Frees the GPU memory. */
  [Symbol.dispose](): void {
    this.model[Symbol.dispose]();
  }
}

/**
 * The configuration of a run's own judge: the run's encoders and data, all labels of the training split, and as many
 * epochs, without what concerns latents alone.
 */
export function judgeConfig(config: RunConfig, views: readonly string[]): RunConfig {
  const { network, imageSize, filterDim, latentDim, dropout, likelihood } = config.model;
  const { seed, batchSize, epochs, learningRate, beta, alphaSteps } = config.training;
  const exclusive = isDigits(config.data.dataset);
  return {
    schema: config.schema,
    version: config.version,
    name: "judge",
    data: config.data,
    model: {
      method: "supervised",
      views: [...views],
      network,
      imageSize,
      filterDim,
      latentDim,
      dropout,
      likelihood,
      loss: exclusive ? "softmax" : "bce",
    },
    training: { seed, batchSize, epochs, learningRate, beta, alphaSteps },
  };
}

/**
 * Opens the judge of a run: the given one, or the run's own, which is trained first if it is not there yet, and
 * resumed if it was interrupted.
 *
 * @param views Names of the image views to judge.
 * @throws {DataError} if the given judge does not classify these views at this size, or the folder `judge` holds a run
 * of another configuration.
 */
export async function openJudge(options: JudgeOptions, views: readonly string[]): Promise<Judge> {
  const { data, device, onWarning } = options;
  const { config, directory } = options.judge ?? await ownJudge(options, views);
  const there = viewsOfRun(config, data).names;
  const lacking = views.filter((view) => !there.includes(view));
  if (config.model.method !== "supervised" || lacking.length > 0) {
    throw new DataError(
      `${directory} cannot judge: it must be a run of supervised on ${views.join(", ")}, and is one of ` +
        `${config.model.method} on ${there.join(", ")}`,
    );
  }
  if (config.model.imageSize !== options.config.model.imageSize) {
    throw new DataError(
      `${directory} classifies images of ${config.model.imageSize} pixels, but those to judge have ` +
        `${options.config.model.imageSize}; train a judge with --image-size ${options.config.model.imageSize}`,
    );
  }
  const model = await ClassifierInference.open(device, {
    config: classifierConfig(config, data),
    batchSize: config.training.batchSize,
    precision: config.training.precision ?? "f32",
  });
  try {
    await restoreRun(model, {
      paths: runPaths(directory),
      config,
      required: true,
      ...(onWarning ? { onWarning } : {}),
    });
    return new Judge(model, config.name);
  } catch (error) {
    model[Symbol.dispose]();
    throw error;
  }
}

async function ownJudge(options: JudgeOptions, views: readonly string[]) {
  const directory = join(options.directory, "judge");
  await Deno.mkdir(directory, { recursive: true });
  using _lock = await lockRun(directory);
  const wanted = judgeConfig(options.config, views);
  const file = runPaths(directory).config;
  const there = await Deno.stat(file).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw nameFile(error, file);
  });
  if (there === undefined) await writeFileAtomic(file, `${JSON.stringify(wanted, null, 2)}\n`);
  const config = checkRunConfig(await readRunFile(file, { directory }), { file });
  if (JSON.stringify(config) !== JSON.stringify(checkRunConfig(wanted, { file }))) {
    throw new DataError(`${directory} holds a judge of another configuration; delete this folder to train it anew`);
  }
  const { stopped } = await trainRun({
    config,
    directory,
    data: options.data,
    device: options.device,
    resume: true,
    keep: 1,
    ...(options.signal ? { signal: options.signal } : {}),
    onProgress: ({ done, steps }) => options.onProgress?.({ stage: "training the judge", done, total: steps }),
    ...(options.onWarning ? { onWarning: options.onWarning } : {}),
  });
  if (stopped) options.signal?.throwIfAborted();
  return { config, directory };
}
