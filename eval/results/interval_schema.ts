/**
 * The schema of {@linkcode Interval}.
 *
 * @module
 */
import { z } from "zod";
import type { Interval } from "./interval.ts";

/** Checks {@linkcode Interval}. */
export const intervalSchema: z.ZodType<Interval> = z.object({
  value: z.number().nullable(),
  low: z.number().nullable(),
  high: z.number().nullable(),
});
