/**
 * Creates the trainer of a run, or finds a batch size that fits the memory.
 *
 * @module
 */
import { type Device, OutOfMemoryError } from "../runtime/mod.ts";
import { BatchTooLargeError, largestBatch, microBatchesOf } from "./batch_size.ts";
import type { RunData } from "./data/run_data.ts";
import type { RunRanks } from "./ranks.ts";
import type { RunConfig } from "./run/run_config.ts";
import { createRunTrainer, type RunTrainer } from "./run_trainer.ts";

/** Options of {@link createFittingTrainer}. */
export interface FittingOptions<T extends Disposable | undefined> {
  /** The configuration of the run. */
  readonly config: RunConfig;
  /** Its data. */
  readonly data: RunData;
  /** Whether every op's results are checked. */
  readonly checkNumerics: boolean;
  /** The processes that train together. */
  readonly ranks?: RunRanks;
  /** Opens what stays on the device while the run trains. */
  readonly beside: (trainer: RunTrainer, config: RunConfig) => Promise<T>;
}

/**
 * Creates the trainer, and what stays open beside it.
 *
 * @throws {BatchTooLargeError} with a batch size that fits.
 */
export async function createFittingTrainer<T extends Disposable | undefined>(
  device: Device,
  { config, data, beside, ...rest }: FittingOptions<T>,
): Promise<{ trainer: RunTrainer; beside: T }> {
  const create = async (given: Partial<RunConfig["training"]>) => {
    const sized = { ...config, training: { ...config.training, ...given } };
    using created = new DisposableStack();
    const trainer = created.use(await createRunTrainer(device, { config: sized, data, ...rest }));
    // Before ranks exchange anything else: the others compile with what rank 0 tells them here.
    await rest.ranks?.onCompiled?.();
    const opened = created.use(await beside(trainer, sized));
    // There must be room for checkpoints too, which are read back through a separate buffer.
    await trainer.read();
    created.move();
    return { trainer, beside: opened };
  };
  try {
    return await create({});
  } catch (error) {
    // The other ranks wait meanwhile, so none searches for a size that fits.
    if (!(error instanceof OutOfMemoryError) || rest.ranks !== undefined) throw error;
    throw await withAdvice(error, config, async (given) => {
      try {
        const { trainer, beside } = await create(given);
        beside?.[Symbol.dispose]();
        trainer[Symbol.dispose]();
        return true;
      } catch (failure) {
        if (failure instanceof OutOfMemoryError) return false;
        throw failure;
      }
    });
  }
}

/** The error with a batch size that fits, and a number of micro-batches with which the whole batch does. */
async function withAdvice(
  error: OutOfMemoryError,
  { training: { batchSize, accumulate = 1 } }: RunConfig,
  fits: (given: Partial<RunConfig["training"]>) => Promise<boolean>,
): Promise<BatchTooLargeError> {
  const samples = await largestBatch((size) => fits({ batchSize: size * accumulate }), {
    under: batchSize / accumulate,
  });
  if (samples === undefined) return new BatchTooLargeError(error, { batchSize, fits: undefined });
  let found: number | undefined;
  // The sum of gradients takes memory too, so micro-batches may have to be smaller.
  for (const parts of microBatchesOf({ batchSize, samples })) {
    found = await fits({ accumulate: parts }) ? parts : undefined;
    if (found !== undefined) break;
  }
  return new BatchTooLargeError(error, { batchSize, fits: samples * accumulate, accumulate: found });
}
