/**
 * Training of one run by several processes: what they share besides gradients.
 *
 * @module
 */
import { z } from "zod";
import { DataError } from "../base/errors.ts";
import { Vocabulary } from "../data/mod.ts";
import { methodKind, type Ranks } from "../models/mod.ts";
import type { Restored } from "./run/run_checkpoint.ts";
import type { RunConfig } from "./run/run_config.ts";
import type { RunTrainer } from "./run_trainer.ts";

/** The processes that train a run together. */
export interface RunRanks extends Ranks {
  /** Sends bytes from rank 0 to all others, which pass nothing; returns what rank 0 sent. */
  broadcast(bytes?: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>;
  /** The vocabulary of a run with texts, the same on every rank. */
  readonly vocabulary?: Vocabulary | undefined;
  /**
   * Called after the training step is compiled, before the first exchange, and again after the validation is: waits for
   * all ranks without a time limit.
   */
  readonly onCompiled?: () => Promise<void>;
}

/**
 * Checks that a run is trained by the number of processes that its configuration names, because its results depend on
 * it.
 *
 * @throws {DataError} naming both numbers.
 */
export function requireRanks(
  { model: { method }, training: { ranks = 1, batchSize } }: RunConfig,
  actual: Pick<Ranks, "size"> | undefined,
): void {
  const size = actual?.size ?? 1;
  if (ranks !== size) {
    throw new DataError(
      ranks === 1
        ? `the run was started by one process, not by ${size} ranks: go on by \`deno task train --resume\`, or start ` +
          "another run"
        : `the run was started by ${ranks} ranks, not by ${size}: go on with as many (\`mpirun -n ${ranks} deno task ` +
          "train:mpi ...`), or start another run",
    );
  }
  if (size > 1 && methodKind(method) === "alignment") {
    throw new DataError(
      `method ${method} compares all studies of a batch, which ranks would divide among them: train it by one ` +
        "process, `deno task train`",
    );
  }
  if (batchSize % size === 0) return;
  const below = Math.floor(batchSize / size) * size;
  throw new DataError(
    `a batch of ${batchSize} cannot be divided among ${size} ranks: give --batch-size ${
      below > 0 ? `${below} or ` : ""
    }` +
      `${below + size}, or start another number of ranks`,
  );
}

/**
 * Sends the vocabulary of a run with texts from rank 0, to which the run's folder belongs, to the others.
 *
 * @param own Rank 0's.
 */
export async function shareVocabulary(
  { broadcast }: Pick<RunRanks, "broadcast">,
  own?: Vocabulary,
): Promise<Vocabulary> {
  if (own !== undefined) {
    await broadcast(new TextEncoder().encode(JSON.stringify(own)));
    return own;
  }
  const text = new TextDecoder().decode(await broadcast());
  return Vocabulary.parse(JSON.parse(text), { file: "the vocabulary from rank 0" });
}

const restoredSchema = z.object({
  step: z.number(),
  seconds: z.number(),
  skipped: z.array(z.number()),
}).nullable();

/**
 * Restores the state of a run on rank 0 and copies it to the others, whose disks may be others.
 *
 * @param options.restore Called on rank 0 only.
 */
export async function shareState(
  trainer: RunTrainer,
  { ranks, restore }: { ranks: RunRanks; restore: () => Promise<Restored | undefined> },
): Promise<Restored | undefined> {
  if (ranks.rank === 0) {
    const restored = await restore();
    await ranks.broadcast(new TextEncoder().encode(JSON.stringify(restored ?? null)));
    if (restored === undefined) return undefined;
    for (const { data } of (await trainer.read()).values()) {
      await ranks.broadcast(new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength));
    }
    return restored;
  }
  const restored = restoredSchema.parse(JSON.parse(new TextDecoder().decode(await ranks.broadcast())));
  if (restored === null) return undefined;
  const state = new Map();
  // Every rank has the same tensors in the same order.
  for (const [name, { shape }] of await trainer.read()) {
    state.set(name, { shape, data: new Float32Array((await ranks.broadcast()).buffer) });
  }
  trainer.write(state);
  return restored;
}
