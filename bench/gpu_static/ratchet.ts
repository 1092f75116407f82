/**
 * A ratchet: figures of the GPU kernels may get better, not worse.
 *
 * @module
 */
import { z } from "zod";
import { DataError } from "../../base/errors.ts";
import type { StaticFigures } from "./static_summary.ts";

/** The worst that each figure of a step may be. */
const limitsSchema = z.strictObject({
  figures: z.strictObject({
    "hot-loop-min": z.number(),
    "round-min": z.number(),
    "round-min-32x32": z.number(),
    "waited-fetches-max": z.number(),
    "spills-max": z.number(),
    "waves-min": z.number(),
    dispatches: z.number(),
    "under-132": z.number(),
    gigabytes: z.number(),
  }),
  /** Modelled milliseconds a step by card. */
  milliseconds: z.record(z.string(), z.number()),
});

const fileSchema = z.strictObject({
  /** Version of Mesa whose compiler the limits were measured with; another one makes other code. */
  mesa: z.string(),
  family: z.string(),
  /** By step: its size, batch, and the types that it stores and multiplies. */
  works: z.record(z.string(), limitsSchema),
});

/** The worst that each figure of a step may be. */
export type Limits = z.infer<typeof limitsSchema>;

/** Limits of several steps, and what they hold for. */
export type LimitsFile = z.infer<typeof fileSchema>;

/** Figures that are good when they are large. */
const LARGE_IS_GOOD: ReadonlySet<string> = new Set(["hot-loop-min", "round-min", "round-min-32x32", "waves-min"]);

/** What a step came to, to be held against limits. */
export interface Measured {
  readonly figures: StaticFigures;
  readonly milliseconds: Readonly<Record<string, number>>;
}

/** A figure that is worse than its limit. */
export interface Excess {
  readonly name: string;
  readonly value: number;
  readonly limit: number;
}

/**
 * Reads a file of limits.
 *
 * @throws {DataError} naming the file where it is no such file.
 */
export async function readLimits(file: string): Promise<LimitsFile> {
  let json: unknown;
  try {
    json = JSON.parse(await Deno.readTextFile(file));
  } catch (error) {
    throw new DataError(`the limits cannot be read (${(error as Error).message}): name a file of limits`, { file });
  }
  const parsed = fileSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new DataError(`no file of limits: ${z.prettifyError(parsed.error).replaceAll("\n", " ")}`, { file });
}

/** The figures that are worse than the limits, beyond what rounding to the printed digits does. */
export function excesses(limits: Limits, { figures, milliseconds }: Measured): Excess[] {
  const compared = [
    ...Object.entries(limits.figures).map(([name, limit]) => ({
      name,
      limit,
      value: figures[name as keyof StaticFigures],
    })),
    ...Object.entries(limits.milliseconds).map(([name, limit]) => ({
      name: `${name} ms`,
      limit,
      value: milliseconds[name] ?? Infinity,
    })),
  ];
  return compared.filter(({ name, value, limit }) => LARGE_IS_GOOD.has(name) ? value < limit : value > limit);
}

/** The limits with those that a step just meets, and without those measured with another compiler. */
export function withLimits(
  limits: LimitsFile | undefined,
  { mesa, family, work, figures, milliseconds }: Measured & { mesa: string; family: string; work: string },
): LimitsFile {
  const others = limits?.mesa === mesa && limits.family === family ? limits.works : {};
  return { mesa, family, works: { ...others, [work]: { figures, milliseconds: { ...milliseconds } } } };
}
