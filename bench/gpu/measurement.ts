/**
 * What a measurement of `deno task bench gpu` is given and gives.
 *
 * @module
 */
import { z } from "zod";
import type { PartRecord } from "./part_results.ts";

/** Options of all measurements; each has further ones. */
export const measureOptionsSchema = z.looseObject({
  /** The smallest sizes. */
  dryRun: z.boolean(),
  /** A Python that may have PyTorch. */
  python: z.string(),
  /** Path of the static model's file. */
  model: z.string(),
  /** Folder for files. */
  out: z.string(),
});
export type MeasureOptions = z.infer<typeof measureOptionsSchema>;

/** Reports a finding. */
export type Report = (record: PartRecord) => void;

/** A measurement. A record with a text `absent` says why there is nothing to measure here. */
export type Measure = (options: MeasureOptions, report: Report) => Promise<void>;

/** The output of a program, or `undefined` where it is missing, fails or takes more than five seconds. */
export async function outputOf(program: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const { success, stdout } = await new Deno.Command(program, {
      args: [...args],
      stdin: "null",
      stderr: "null",
      signal: AbortSignal.timeout(5000),
    }).output();
    return success ? new TextDecoder().decode(stdout).trim() : undefined;
  } catch {
    return undefined;
  }
}

/** A value of `nvidia-smi --query-gpu`, of the first card; `undefined` without NVIDIA's driver. */
export async function nvidiaQuery(...names: readonly string[]): Promise<Record<string, string> | undefined> {
  const text = await outputOf("nvidia-smi", [`--query-gpu=${names.join(",")}`, "--format=csv,noheader", "--id=0"]);
  const values = text?.split(",").map((value) => value.trim());
  return values?.length === names.length ? Object.fromEntries(names.map((name, i) => [name, values[i]!])) : undefined;
}
