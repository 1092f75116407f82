/**
 * The files of a run: `config.json`, `metrics.jsonl`, `checkpoints/`, `results.json`,
 * `report.html`, `README.md`.
 *
 * @module
 */
import { basename, join } from "node:path";
import { z } from "zod";
import { removeTemporaryFiles } from "../../base/atomic_file.ts";
import { nonEmptyLines } from "../../base/lines.ts";
import { DataError } from "../../base/errors.ts";
import { readRegularText } from "../../base/regular_file.ts";
import { checkRunConfig, type RunConfig } from "./run_config.ts";
import { parseValidationLine, type ValidationLine } from "./validation_line.ts";

/** One line of `metrics.jsonl`: a logged step. */
export interface MetricsLine {
  /** Number of the step, from 0. */
  readonly step: number;
  /** Training loss. */
  readonly loss: number;
  /** The parts of a VAE's loss; a classifier has none. */
  readonly reconstruction?: number;
  /** Divergence, before beta. */
  readonly kl?: number;
  /** Each view's mean negative log-likelihood, of a VAE with a text. */
  readonly [viewLoss: `nll ${string}`]: number;
  /** Not finite in a step that was skipped because {@link lossScale} was too large. */
  readonly gradientNorm: number;
  /** The factor of the loss in the backward pass, if gradients are stored as float16. */
  readonly lossScale?: number;
  /** Weight of the standard normal prior in the step. */
  readonly alpha: number;
  /** Learning rate of the step. */
  readonly learningRate: number;
  /** Studies per second since the last logged step. */
  readonly studiesPerSecond: number;
  /** Seconds of training so far, all sessions of the run together. */
  readonly seconds: number;
}

/** Paths of a run's files. */
export interface RunPaths {
  /** The run's folder. */
  readonly directory: string;
  /** The configuration, `config.json`. */
  readonly config: string;
  /** The incomplete configuration while the data are being prepared. */
  readonly draft: string;
  /** Fingerprint of the training data. */
  readonly data: string;
  /** One line per step and validation, `metrics.jsonl`. */
  readonly metrics: string;
  /** Folder of the checkpoints. */
  readonly checkpoints: string;
  /** Folder of the checkpoint that is best by validation, of a run that keeps it. */
  readonly best: string;
  /** The kernel variants that the run trains with, if they were tuned. */
  readonly tuning: string;
  /** The words of the run's text view, if it has one: `vocabulary.json`. */
  readonly vocabulary: string;
  /** The evaluation, `results.json`. */
  readonly results: string;
  /** The report, `report.html`. */
  readonly report: string;
  /** The model card, `README.md`. */
  readonly card: string;
  /** Folder of TensorBoard's event files. */
  readonly tensorboard: string;
}

/** The paths of a run's files. */
export function runPaths(directory: string): RunPaths {
  return {
    directory,
    config: join(directory, "config.json"),
    draft: join(directory, "draft.json"),
    data: join(directory, "data.json"),
    metrics: join(directory, "metrics.jsonl"),
    checkpoints: join(directory, "checkpoints"),
    best: join(directory, "checkpoints", "best"),
    tuning: join(directory, "tuning.json"),
    vocabulary: join(directory, "vocabulary.json"),
    results: join(directory, "results.json"),
    report: join(directory, "report.html"),
    card: join(directory, "README.md"),
    tensorboard: join(directory, "tensorboard"),
  };
}

/** The files whose temporary files {@link sweepTemporary} removes. */
const FILES =
  /^((config|draft|data|tuning|vocabulary|results|mlflow)\.json|metrics\.jsonl|report\.html|README\.md|tables\.txt)$/;
/** Files that only training writes, one process at a time; a running evaluation may be writing the others. */
const OWN = /^(config|draft|data|tuning|vocabulary|metrics|mlflow)\./;
const HOUR = 3_600_000;

/** Removes the temporary files of interrupted writers from the directory of a run that this process holds. */
export async function sweepTemporary(directory: string): Promise<void> {
  await removeTemporaryFiles(directory, async ({ name, path }) => {
    if (!FILES.test(name)) return false;
    const { mtime } = await Deno.lstat(path);
    return OWN.test(name) || (mtime !== null && Date.now() - mtime.getTime() > HOUR);
  });
}

/**
 * Reads a run's configuration.
 *
 * @throws {DataError} if there is no run, or its configuration cannot be read.
 */
export async function readRunConfig(directory: string): Promise<RunConfig> {
  const { config } = runPaths(directory);
  return checkRunConfig(await readRunFile(config, { directory }), { file: config });
}

/** A configuration has a few kilobytes. */
const CONFIGURATION = { maxBytes: 2 ** 20, kind: "a configuration" };
/** A million steps have about this much. */
const METRICS = { maxBytes: 2 ** 28, kind: "a file of metrics" };

/**
 * Reads a JSON file of a run, whose contents are then still to be checked.
 *
 * @throws {DataError} if it does not exist, is not a regular file, is longer than any configuration, or is not JSON.
 */
export async function readRunFile(file: string, { directory }: { directory: string }): Promise<unknown> {
  let text: string;
  try {
    text = await readRegularText(file, CONFIGURATION);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new DataError(
        `${directory} holds no run (no ${basename(file)}): give the directory of a run that \`deno task train\` made`,
      );
    }
    throw error;
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new DataError(`${file} is not JSON (${(error as Error).message}): start a new run or repair the file`);
  }
}

/**
 * Reads `metrics.jsonl` up to (not including) a step. A torn last line, left by a crash, is skipped; of several lines
 * for one step the last counts.
 */
export async function readMetricsFile(path: string, options: { before?: number } = {}): Promise<MetricsLine[]> {
  const before = options.before ?? Infinity;
  return await readLines(path, (line) => {
    const parsed = parseMetricsLine(line);
    return parsed && parsed.step < before ? parsed : undefined;
  });
}

/** As {@linkcode readMetricsFile}, the validations: those up to `upTo` steps, all by default. */
export async function readValidations(path: string, options: { upTo?: number } = {}): Promise<ValidationLine[]> {
  const upTo = options.upTo ?? Infinity;
  return await readLines(path, (line) => {
    const parsed = parseValidationLine(line);
    return parsed && parsed.step <= upTo ? parsed : undefined;
  });
}

/** The lines that a parser accepts, one for each step, in order; none if there is no file. */
async function readLines<L extends { readonly step: number }>(
  path: string,
  parse: (line: string) => L | undefined,
): Promise<L[]> {
  let text: string;
  try {
    text = await readRegularText(path, METRICS);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  const bySteps = new Map<number, L>();
  for (const line of nonEmptyLines(text)) {
    const parsed = parse(line);
    if (parsed) bySteps.set(parsed.step, parsed);
  }
  return [...bySteps.values()].sort((a, b) => a.step - b.step);
}

/** A number that was not finite is null in JSON. */
const number = z.number().nullable().transform((value) => value ?? NaN);

const metricsLineSchema = z.object({
  step: z.int().nonnegative(),
  loss: number,
  reconstruction: number.exactOptional(),
  kl: number.exactOptional(),
  gradientNorm: number,
  lossScale: number.exactOptional(),
  alpha: number,
  learningRate: number,
  studiesPerSecond: number,
  seconds: number,
});

/** A line of the file, `undefined` if it is torn or invalid. */
function parseMetricsLine(line: string): MetricsLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  const parsed = metricsLineSchema.safeParse(value).data;
  return parsed === undefined ? undefined : { ...parsed, ...viewLosses(value as object) };
}

/** The negative log-likelihoods of the views, whose names the schema cannot know. */
function viewLosses(line: object): Record<`nll ${string}`, number> {
  const found: Record<`nll ${string}`, number> = {};
  for (const [name, value] of Object.entries(line)) {
    const loss = number.safeParse(value).data;
    if (name.startsWith("nll ") && loss !== undefined) found[name as `nll ${string}`] = loss;
  }
  return found;
}
