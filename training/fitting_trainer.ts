/**
 * Creates the trainer of a run, or finds a batch size that fits the memory.
 *
 * @module
 */
import { type Device, OutOfMemoryError } from "../runtime/mod.ts";
import { BatchTooLargeError, largestBatch } from "./batch_size.ts";
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
  const create = async (batchSize: number) => {
    const trainer = await createRunTrainer(device, {
      config: { ...config, training: { ...config.training, batchSize } },
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
  const { batchSize } = config.training;
  try {
    return await create(batchSize);
  } catch (error) {
    // The other ranks wait meanwhile, so none searches for a size that fits.
    if (!(error instanceof OutOfMemoryError) || rest.ranks !== undefined) throw error;
    const fits = async (size: number) => {
      try {
        using _trainer = await create(size);
        return true;
      } catch (failure) {
        if (failure instanceof OutOfMemoryError) return false;
        throw failure;
      }
    };
    throw new BatchTooLargeError(error, { batchSize, fits: await largestBatch(fits, { under: batchSize }) });
  }
}
