/**
 * Log-likelihoods of held-out pairs under a trained model: of each view, of all views jointly, and of each view given
 * each other one.
 *
 * @module
 */
import { batchesInOrder } from "./batches_in_order.ts";
import { DataError } from "../../base/errors.ts";
import { pairsOfSplit, selectPairs, type Split } from "../../data/mod.ts";
import { logLikelihood } from "../../models/mod.ts";
import type { OpenModel } from "./open_model.ts";
import type { RunData } from "../../training/data/run_data.ts";
import { completePairs, copyOf } from "./translate_run.ts";

/** Options of {@linkcode likelihoodRun}. */
export interface LikelihoodRunOptions {
  /** The model, opened by {@linkcode openModel}. */
  readonly open: OpenModel;
  /** The data, opened by {@linkcode openRunData}. */
  readonly data: RunData;
  /** Split of the pairs. */
  readonly split: Split;
  /** Most pairs to use: the first ones of the split that have all views. */
  readonly count: number;
  /** Latent samples per pair. */
  readonly draws: number;
  /** Seed of the samples; 0 by default. */
  readonly seed?: number;
  /** Called with the progress. */
  readonly onProgress?: (progress: { done: number; total: number }) => void;
  /** Aborted to stop early. */
  readonly signal?: AbortSignal;
}

/** The mean log-likelihood of some views given others. */
export interface LikelihoodRow {
  /** Views whose likelihood it is. */
  readonly of: readonly string[];
  /** Views it is conditioned on; none for a marginal or joint likelihood. */
  readonly given: readonly string[];
  /** Mean over pairs in nats per pair; `null` if the method does not define this likelihood. */
  readonly mean: number | null;
  /** Standard error of the mean over pairs. */
  readonly standardError: number | null;
  /** Number of pairs in the mean. */
  readonly pairs: number;
  /** Why the likelihood is undefined. */
  readonly reason?: string;
}

/**
 * Estimates all marginal, joint and conditional likelihoods by importance sampling; see `logLikelihood()`.
 *
 * @throws {DataError} if the split has no pair with all views.
 */
export async function likelihoodRun(options: LikelihoodRunOptions): Promise<LikelihoodRow[]> {
  const { open: { model, views, alpha, texts }, data: { index }, split, count, draws, seed = 0 } = options;
  const complete = completePairs({ ...views, pairs: pairsOfSplit(index, views.pairs, split) }, index);
  const pairs = selectPairs(complete, (pair) => pair < count);
  if (pairs.count === 0) throw new DataError(`the ${split} split has no pair with all of ${views.names.join(", ")}`);
  const { batchSize } = model.shape;
  const questions = questionsAbout(views.names.length).map((question) => ({
    ...question,
    values: [] as number[],
    reason: undefined as string | undefined,
  }));
  let done = 0;
  for await (const batch of batchesInOrder(options.data, { pairs, batchSize, texts })) {
    options.signal?.throwIfAborted();
    const { size, step } = batch;
    const given = copyOf(batch);
    for (const question of questions) {
      if (question.reason !== undefined) continue;
      const { of, given: known } = question;
      try {
        const values = await logLikelihood(model, given, { of, given: known, draws, alpha, seed, step });
        question.values.push(...values.subarray(0, size));
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        question.reason = error.message;
      }
    }
    done += size;
    options.onProgress?.({ done, total: pairs.count });
  }
  const named = (numbers: readonly number[]) => numbers.map((m) => views.names[m]!);
  return questions.map(({ of, given, values, reason }) => ({
    of: named(of),
    given: named(given),
    ...summary(values),
    ...(reason === undefined ? {} : { reason }),
  }));
}

/** Each view, all views jointly, and each view given each other one. */
function questionsAbout(views: number): { of: number[]; given: number[] }[] {
  const each = Array.from({ length: views }, (_, m) => m);
  return [
    ...each.map((m) => ({ of: [m], given: [] })),
    ...(views > 1 ? [{ of: each, given: [] }] : []),
    ...each.flatMap((m) => each.filter((k) => k !== m).map((k) => ({ of: [m], given: [k] }))),
  ];
}

function summary(values: readonly number[]): Pick<LikelihoodRow, "mean" | "standardError" | "pairs"> {
  const pairs = values.length;
  if (pairs === 0) return { mean: null, standardError: null, pairs };
  const mean = values.reduce((sum, value) => sum + value, 0) / pairs;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, standardError: pairs > 1 ? Math.sqrt(squares / (pairs - 1) / pairs) : null, pairs };
}
