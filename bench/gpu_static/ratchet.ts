/**
 * A ratchet: figures of the GPU kernels may get better, not worse.
 *
 * @module
 */
import { z } from "zod";
import { DataError } from "../../base/errors.ts";
import type { StaticFigures } from "./static_summary.ts";

/** The worst that each figure may be, and what that holds for. */
const limitsSchema = z.strictObject({
  /** Version of Mesa whose compiler the limits were measured with; another one makes other code. */
  mesa: z.string(),
  family: z.string(),
  work: z.string(),
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

/** See the module. */
export type Limits = z.infer<typeof limitsSchema>;

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
export async function readLimits(file: string): Promise<Limits> {
  let json: unknown;
  try {
    json = JSON.parse(await Deno.readTextFile(file));
  } catch (error) {
    throw new DataError(`the limits cannot be read (${(error as Error).message}): name a file of limits`, { file });
  }
  const parsed = limitsSchema.safeParse(json);
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

/** Limits that a step just meets. */
export function limitsOf(
  { figures, milliseconds }: Measured,
  { mesa, family, work }: { readonly mesa: string; readonly family: string; readonly work: string },
): Limits {
  return { mesa, family, work, figures, milliseconds: { ...milliseconds } };
}
