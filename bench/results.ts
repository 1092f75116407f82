/**
 * Result files of benchmarks: one per day and adapter, `bench/results/<date>-<adapter>.json`, with the last run of each
 * benchmark.
 *
 * @module
 */
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "../base/atomic_file.ts";
import type { Machine } from "./machine.ts";

const machineSchema = z.strictObject({
  adapter: z.string(),
  driver: z.string().nullable(),
  cpu: z.string(),
  cores: z.int().positive(),
  deno: z.string(),
  commit: z.string().nullable(),
});

const contestantSchema = z.strictObject({
  name: z.string(),
  /** Version and settings, as reported by the contestant. */
  about: z.string(),
  /** Initial results (losses before steps 0, 1, ...), which show that all contestants do the same work. */
  values: z.array(z.number()),
  /** Wall-clock seconds per step, one per round. */
  seconds: z.array(z.number().nonnegative()),
  /** Processor seconds per step, one per round. */
  processorSeconds: z.array(z.number().nonnegative()),
});

const workSchema = z.strictObject({
  work: z.string(),
  /** Floating-point operations per step, if counted. */
  flops: z.number().nonnegative().nullable(),
  /** One-minute load average before each round. */
  load: z.array(z.number().nonnegative()),
  contestants: z.array(contestantSchema),
});

const ratioSchema = z.strictObject({ work: z.string(), a: z.string(), b: z.string(), value: z.number() });

const memorySchema = z.strictObject({
  work: z.string(),
  /** Arena of the step: activations, gradients and scratch. */
  arenaBytes: z.int().nonnegative(),
  /** The same without sharing of memory. */
  unsharedBytes: z.int().nonnegative(),
  /** All GPU buffers: parameters, moments, inputs and the arena. */
  peakBytes: z.int().nonnegative(),
});

const partSchema = z.strictObject({
  machine: machineSchema,
  finished: z.iso.datetime(),
  works: z.array(workSchema),
  ratios: z.array(ratioSchema),
  memory: z.array(memorySchema),
  /** Excluded contestants, with reasons. */
  absent: z.array(z.strictObject({ name: z.string(), reason: z.string() })),
});

/** The schema of a file: results by the name of the benchmark. */
export const resultsSchema = z.strictObject({ version: z.literal(1), parts: z.record(z.string(), partSchema) });

/** Times of one contestant at one work. */
export type ContestantResult = z.infer<typeof contestantSchema>;
/** Results of all contestants at one work. */
export type WorkResult = z.infer<typeof workSchema>;
/** GPU memory of one work. */
export type MemoryResult = z.infer<typeof memorySchema>;
/** The results of a benchmark. */
export type PartResult = z.infer<typeof partSchema>;
/** See {@link resultsSchema}. */
export type Results = z.infer<typeof resultsSchema>;

/** The file name for a day (UTC) and an adapter: `2026-11-23-llvmpipe-llvm-15-0-6-256-bits.json`. */
export function resultsName(date: Date, adapter: string): string {
  const slug = adapter.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-|-$/g, "") || "adapter";
  return `${date.toISOString().slice(0, 10)}-${slug}.json`;
}

/**
 * Writes the results of a benchmark, replacing earlier ones of the same day.
 *
 * @param options.folder `bench/results` by default.
 * @returns the path of the file.
 */
export async function saveResults(
  part: string,
  options: {
    machine: Machine;
    result: Omit<PartResult, "machine" | "finished">;
    folder?: string;
    now?: Date;
  },
): Promise<string> {
  const { machine, result, folder = "bench/results", now = new Date() } = options;
  const path = join(folder, resultsName(now, machine.adapter));
  const earlier = await readResults(path);
  const results = resultsSchema.parse({
    version: 1,
    parts: { ...earlier?.parts, [part]: { machine, finished: now.toISOString(), ...result } },
  });
  await mkdir(folder, { recursive: true });
  await writeFileAtomic(path, JSON.stringify(results, null, 2) + "\n");
  return path;
}

/** Reads the results in a file; `undefined` if it is missing or has another version. */
export async function readResults(path: string): Promise<Results | undefined> {
  try {
    return resultsSchema.safeParse(JSON.parse(await readFile(path, "utf8"))).data;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
