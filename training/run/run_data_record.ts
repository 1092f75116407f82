/**
 * `data.json` of a run: the fingerprint of what it is trained on, and the changes that were accepted.
 *
 * @module
 */
import { z } from "zod";
import { writeFileAtomic } from "../../base/atomic_file.ts";
import { DataError } from "../../base/errors.ts";
import { readRegularText } from "../../base/regular_file.ts";
import {
  type DataFingerprint,
  dataFingerprintSchema,
  describeDataChanges,
  fingerprintOf,
} from "../data/data_fingerprint.ts";
import type { RunData } from "../data/run_data.ts";
import type { RunConfig } from "./run_config.ts";
import { runPaths } from "./run_directory.ts";

/** Data changes that a run accepted, and the step from which it has used the new data. */
export interface AcceptedChange {
  /** Step from which the new data are used. */
  step: number;
  /** What changed, one phrase each. */
  changes: string[];
}

interface RunDataRecord {
  schema: "mmvm-run-data";
  version: 1;
  fingerprint: DataFingerprint;
  accepted: AcceptedChange[];
}

const recordSchema: z.ZodType<RunDataRecord> = z.object({
  schema: z.literal("mmvm-run-data"),
  version: z.literal(1),
  fingerprint: dataFingerprintSchema,
  accepted: z.array(z.object({ step: z.int().nonnegative(), changes: z.array(z.string()) })),
});

/** A million images have about 30 MB. */
const RECORD = { maxBytes: 2 ** 28, kind: "a record of a run's data" };

/**
 * Ensures that a run is resumed on the data it started with: writes `data.json` at the first step, and compares later.
 *
 * @param options.step The step at which training resumes; 0 for a new run.
 * @param options.accept Accept changed data, and record the changes.
 * @throws {DataError} naming what changed.
 */
export async function holdToData(
  data: RunData,
  options: {
    config: RunConfig;
    directory: string;
    step: number;
    accept: boolean;
    onWarning?: ((message: string) => void) | undefined;
  },
): Promise<void> {
  const { config, directory, step, accept, onWarning } = options;
  const fingerprint = fingerprintOf(config, data);
  const record: RunDataRecord = { schema: "mmvm-run-data", version: 1, fingerprint, accepted: [] };
  const before = step === 0 ? undefined : await readRecord(directory);
  if (before !== undefined) {
    const changes = describeDataChanges(before.fingerprint, fingerprint, data);
    if (changes.length === 0) return;
    if (!accept) {
      throw new DataError(
        `${directory}: the data changed since the run began: ${
          changes.join("; ")
        }; restore them, start another run, or ` +
          "go on with them by --accept-changed-data",
      );
    }
    onWarning?.(`the data changed since the run began, and the run goes on: ${changes.join("; ")}`);
    record.accepted = [...before.accepted, { step, changes }];
  }
  await writeFileAtomic(runPaths(directory).data, `${JSON.stringify(record)}\n`);
}

/** Number of the run's training pairs; undefined before training has begun. */
export async function readPairCount(directory: string): Promise<number | undefined> {
  return (await readRecord(directory))?.fingerprint.pairs;
}

/** The data changes that a run accepted. */
export async function acceptedChanges(directory: string): Promise<AcceptedChange[]> {
  return (await readRecord(directory))?.accepted ?? [];
}

/** Returns `undefined` if there is none, as in runs of older versions. */
async function readRecord(directory: string): Promise<RunDataRecord | undefined> {
  const file = runPaths(directory).data;
  let text: string;
  try {
    text = await readRegularText(file, RECORD);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch {
    throw new DataError(
      `${file} is not the record of the run's data that training writes: restore it, or delete it to go on unchecked`,
    );
  }
}
