/**
 * The pairs on which a run is validated during training: the same ones every time, in whole batches.
 *
 * @module
 */
import { SeededRandom } from "../../base/random.ts";
import { type Batch, createLoader, labelledSubset, pairsOfSplit, type PairTable } from "../../data/mod.ts";
import type { RunData } from "../data/run_data.ts";
import { viewsOfRun } from "../data/run_views.ts";
import type { RunConfig } from "../run/run_config.ts";

/** Pairs of a validation at most, unless the configuration says otherwise. */
export const DEFAULT_VALIDATION_PAIRS = 512;
/** By default a validation has at most one batch for this many training steps of an epoch, about 4 % of its time. */
const STEPS_PER_BATCH = 8;
/** Labelled training pairs on whose latents the probes of a validation are trained, at most. */
const PROBE_PAIRS = 1000;
/** Bytes of pixels that are kept in memory between validations; larger samples are read again each time. */
const MOST_KEPT = 2 ** 28;

/**
 * The validation pairs of a run: all of the validation split up to `validatePairs`, drawn at random by a fixed key and
 * in whole batches, because some objectives depend on the batch. Fewer pairs than a batch are repeated until they fill
 * one. Unless the number of pairs is given or AUROC is wanted, which needs all it can get, there are also no more
 * batches than an eighth of the steps of an epoch, so that validation takes a small part of the time.
 *
 * @returns `undefined` if the validation split has no pair of the run's views.
 */
export function validationPairs(
  config: RunConfig,
  data: Pick<RunData, "index" | "pairs">,
  { stepsPerEpoch }: { stepsPerEpoch: number },
): PairTable | undefined {
  const { batchSize, validatePairs, validateAuroc = false, keepBest } = config.training;
  const { index } = data;
  const { pairs } = viewsOfRun(config, { index, pairs: pairsOfSplit(index, data.pairs, "validate") });
  if (pairs.count === 0) return undefined;
  const most = Math.max(1, Math.floor((validatePairs ?? DEFAULT_VALIDATION_PAIRS) / batchSize));
  const bounded = validatePairs === undefined && !validateAuroc && keepBest !== "auroc";
  const affordable = bounded ? Math.max(1, Math.floor(stepsPerEpoch / STEPS_PER_BATCH)) : Infinity;
  const available = Math.max(1, Math.floor(pairs.count / batchSize));
  return samplePairs(pairs, { count: batchSize * Math.min(most, affordable, available), key: "validation" });
}

/**
 * The labelled training pairs on whose latents probes are trained: some of those that the final evaluation's probes
 * see, in whole batches.
 */
export function probePairs(config: RunConfig, data: Pick<RunData, "index" | "pairs">): PairTable {
  const { batchSize, labelled: fraction = 1, labelledSeed: seed = 0 } = config.training;
  const { index } = data;
  const seen = labelledSubset(index, pairsOfSplit(index, data.pairs, "train"), { fraction, seed });
  const { pairs } = viewsOfRun(config, { index, pairs: seen });
  const batches = Math.max(1, Math.floor(Math.min(PROBE_PAIRS, pairs.count) / batchSize));
  return samplePairs(pairs, { count: batches * batchSize, key: "probes" });
}

/** A random sample in the table's order; if more are wanted than there are, some or all are repeated. */
function samplePairs(pairs: PairTable, { count, key }: { count: number; key: string }): PairTable {
  const { views } = pairs;
  const order = new SeededRandom("validate", key).shuffle(Uint32Array.from({ length: pairs.count }, (_, i) => i));
  const rows = Uint32Array.from({ length: count }, (_, i) => order[i % order.length]!).sort();
  const images = new Int32Array(count * views);
  rows.forEach((pair, i) => images.set(pairs.images.subarray(pair * views, (pair + 1) * views), i * views));
  return { ...pairs, count, images, study: Int32Array.from(rows, (pair) => pairs.study[pair]!) };
}

/** Batches that are read once and kept if they fit in memory. */
export class KeptBatches {
  #kept: Batch[] | undefined;

  /** The batches of these pairs, all of them whole. */
  constructor(private readonly data: RunData, private readonly options: { pairs: PairTable; batchSize: number }) {}

  /** Yields the batches in order. */
  async *read(): AsyncGenerator<Batch, void, void> {
    if (this.#kept) return yield* this.#kept;
    const { data: { index, pixels, texts }, options: { pairs, batchSize } } = this;
    const keeps = pairs.count * pairs.views * pixels.bytesPerImage <= MOST_KEPT;
    const kept: Batch[] = [];
    const loader = createLoader(pixels, { index, pairs, batchSize, shuffle: false, texts: texts?.table });
    for await (const batch of loader.batches({ untilEpoch: 1 })) {
      // Copied, because the loader reuses the memory of its pixels.
      const own = keeps ? { ...batch, pixels: batch.pixels.slice() } : batch;
      if (keeps) kept.push(own);
      yield own;
    }
    if (keeps) this.#kept = kept;
  }
}
