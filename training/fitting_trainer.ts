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

/**
 * Creates the trainer.
 *
 * @throws {BatchTooLargeError} with a batch size that fits.
 */
export async function createFittingTrainer(
  device: Device,
  { config, data, ...rest }: { config: RunConfig; data: RunData; checkNumerics: boolean; ranks?: RunRanks },
): Promise<RunTrainer> {
  const create = async (given: Partial<RunConfig["training"]>) => {
    const trainer = await createRunTrainer(device, {
      config: { ...config, training: { ...config.training, ...given } },
      data,
      ...rest,
    });
    try {
      // There must be room for checkpoints too, which are read back through a separate buffer.
      await trainer.read();
      return trainer;
    } catch (error) {
      trainer[Symbol.dispose]();
      throw error;
    }
  };
  try {
    return await create({});
  } catch (error) {
    // The other ranks wait meanwhile, so none searches for a size that fits.
    if (!(error instanceof OutOfMemoryError) || rest.ranks !== undefined) throw error;
    throw await withAdvice(error, config, async (given) => {
      try {
        using _trainer = await create(given);
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
