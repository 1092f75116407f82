/**
 * The results of `deno task bench gpu`: one JSON file that is complete after every record.
 *
 * @module
 */
import { z } from "zod";
import { writeFileAtomicSync } from "../../base/atomic_file.ts";

/** A finding: whatever a measurement reports. */
export const recordSchema = z.record(z.string(), z.unknown());
export type PartRecord = z.infer<typeof recordSchema>;

const partSchema = z.strictObject({
  name: z.string(),
  /**
   * `absent` where what is measured is not installed or not supported here, `timed out` where the part was ended at its
   * limit, `no time` where it was not started.
   */
  status: z.enum(["running", "done", "failed", "absent", "timed out", "no time"]),
  seconds: z.number().nonnegative(),
  limit: z.number().nonnegative(),
  records: z.array(recordSchema),
  /** Why it failed or is absent. */
  reason: z.string().optional(),
});

/** The outcome of a part. */
export type PartOutcome = z.infer<typeof partSchema>;

/** The schema of the file. */
export const gpuResultsSchema = z.strictObject({
  version: z.literal(1),
  started: z.iso.datetime(),
  dryRun: z.boolean(),
  commit: z.string().nullable(),
  deno: z.string(),
  parts: z.array(partSchema),
});
export type GpuResults = z.infer<typeof gpuResultsSchema>;

/** Writes the results so far; a crash leaves the previous ones. */
export function saveGpuResults(file: string, results: GpuResults): void {
  writeFileAtomicSync(file, JSON.stringify(results, null, 1) + "\n");
}
