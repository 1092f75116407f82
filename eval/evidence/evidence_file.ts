/**
 * Reading and writing the records of experiments.
 *
 * @module
 */
import { dirname } from "node:path";
import { z } from "zod";
import { makeFolder, writeFileAtomic } from "../../base/atomic_file.ts";
import { DataError } from "../../base/errors.ts";
import { readRegularText } from "../../base/regular_file.ts";
import { describeIssues } from "../results/results_file.ts";
import { MACRO_FIELDS } from "../results/results_schema.ts";
import { EVIDENCE_VERSION, type EvidenceEvaluation, type EvidenceRecord, type EvidenceRun } from "./evidence_record.ts";

/** Some 10,000 evaluations. */
const EVIDENCE = { maxBytes: 2 ** 26, kind: "a record of evidence" };

const runSchema: z.ZodType<EvidenceRun> = z.object({
  name: z.string(),
  method: z.string(),
  seed: z.number(),
  createdAt: z.iso.datetime(),
  config: z.record(z.string(), z.unknown()),
  versions: z.record(z.string(), z.string()),
  adapter: z.object({ description: z.string(), profile: z.string() }),
});

const evaluationSchema: z.ZodType<EvidenceEvaluation> = z.object({
  ...MACRO_FIELDS,
  test: z.string(),
  samples: z.base64(),
});

const count = z.int().nonnegative();

const evidenceSchema: z.ZodType<EvidenceRecord> = z.object({
  schema: z.literal("mmvm-evidence"),
  version: z.literal(EVIDENCE_VERSION),
  title: z.string(),
  createdAt: z.iso.datetime(),
  data: z.object({
    dataset: z.string(),
    synthetic: z.boolean().exactOptional(),
    views: z.array(z.string()),
    labels: z.array(z.string()),
    splits: z.array(z.object({ split: z.string(), subjects: count, studies: count, pairs: count })),
  }),
  resamples: z.int().positive(),
  tests: z.array(z.object({ id: z.string(), split: z.string(), studies: count, patients: count })),
  runs: z.array(runSchema).min(1),
  evaluations: z.array(evaluationSchema),
  tradeOff: z.array(z.object({
    method: z.string(),
    beta: z.number(),
    latentDim: z.number(),
    seed: z.number(),
    divergence: z.number().optional(),
    error: z.number(),
    classification: z.number(),
    coherence: z.number(),
  })),
  reportRuns: count.optional(),
});

/**
 * Checks a record: its fields, its references, and that every evaluation has all resamples.
 *
 * @throws {DataError} naming the file and what is wrong with it.
 */
function checkEvidence(value: unknown, { file }: { file: string }): EvidenceRecord {
  const parsed = evidenceSchema.safeParse(value);
  if (!parsed.success) {
    throw new DataError(`not a valid record of evidence: ${describeIssues(parsed.error.issues)}`, { file });
  }
  const record = parsed.data;
  const runs = new Set(record.runs.map(({ name }) => name));
  const tests = new Set(record.tests.map(({ id }) => id));
  const base64Length = 4 * Math.ceil(4 * record.resamples / 3);
  for (const [i, { run, test, samples }] of record.evaluations.entries()) {
    const wrong = !runs.has(run)
      ? `run is "${run}", which is none of the runs`
      : !tests.has(test)
      ? `test is "${test}", which is none of the tests`
      : samples.length !== base64Length
      ? `samples have ${samples.length} characters, where ${record.resamples} resamples have ${base64Length}`
      : undefined;
    if (wrong !== undefined) {
      throw new DataError(`not a valid record of evidence: evaluations[${i}].${wrong}`, { file });
    }
  }
  return record;
}

/**
 * Reads and checks a record.
 *
 * @throws {DataError} naming the file and its faults.
 * @throws {Deno.errors.NotFound} and other errors of the file system.
 */
export async function readEvidence(path: string): Promise<EvidenceRecord> {
  const text = await readRegularText(path, EVIDENCE);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new DataError(`not a valid record of evidence: it is not JSON (${(error as Error).message})`, { file: path });
  }
  return checkEvidence(value, { file: path });
}

/**
 * Writes a record, a line for each run and evaluation and its fields in the order of the schema, so that versions of it
 * can be compared line by line.
 */
export async function writeEvidence(path: string, record: EvidenceRecord): Promise<void> {
  const checked = checkEvidence(record, { file: path });
  const parts = Object.entries(checked).filter(([, value]) => value !== undefined).map(([key, value]) => {
    const text = Array.isArray(value) && value.length > 0
      ? `[\n${value.map((item) => JSON.stringify(item)).join(",\n")}\n]`
      : JSON.stringify(value);
    return `${JSON.stringify(key)}: ${text}`;
  });
  await makeFolder(dirname(path));
  await writeFileAtomic(path, `{\n${parts.join(",\n")}\n}\n`);
}
