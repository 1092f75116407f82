/**
 * The lines of `metrics.jsonl` that hold validations; {@linkcode readMetricsFile} passes over them.
 *
 * @module
 */
import { z } from "zod";

/** How the posteriors of two views differ, means over the pairs that have both. */
export interface SharedPair {
  /** Name of the one view. */
  readonly from: string;
  /** Name of the other view. */
  readonly to: string;
  /** KL(q_from || q_to) in nats. */
  readonly forward: number;
  /** KL(q_to || q_from) in nats. */
  readonly backward: number;
  /** `forward` / `backward`; 1 if both are 0. */
  readonly ratio: number;
}

/** How the views of a multimodal VAE share their latents; see `measureSharing()`. */
export interface SharingLine {
  /** Divergences, one entry for each two views. */
  readonly kl: readonly SharedPair[];
  /** Each view's mean responsibility in the mixture of all views' posteriors; they add up to 1. */
  readonly responsibility: Readonly<Record<string, number>>;
  /** Each view's number of active latent units. */
  readonly activeUnits: Readonly<Record<string, number>>;
}

/** One validation. */
export interface ValidationLine {
  /** Tells validations from steps. */
  readonly kind: "validation";
  /** Steps done before it. */
  readonly step: number;
  /** Epochs begun before it. */
  readonly epoch: number;
  /** Validation loss, with alpha and beta of the run's last step. */
  readonly loss: number;
  /** Weighted negative log-likelihood, of a VAE. */
  readonly reconstruction?: number;
  /** Divergence before beta, of a VAE. */
  readonly kl?: number;
  /** Each view's mean negative log-likelihood, of a VAE; other objectives may add parts of their own. */
  readonly [part: `nll ${string}`]: number;
  /** Macro AUROC by view (or `ensemble`, `joint`), and their mean. */
  readonly auroc?: Readonly<Record<string, number>>;
  /** How the views share latents, of a VAE with several views. */
  readonly sharing?: SharingLine;
  /** Pairs in the sample, repeated ones counted again. */
  readonly pairs: number;
  /** Seconds of training so far, all sessions of the run together. */
  readonly seconds: number;
}

/** A number that was not finite is null in JSON. */
const number = z.number().nullable().transform((value) => value ?? NaN);
const byName = z.record(z.string(), number);

const validationLineSchema: z.ZodType<ValidationLine> = z.object({
  kind: z.literal("validation"),
  step: z.int().nonnegative(),
  epoch: z.int().nonnegative(),
  loss: number,
  reconstruction: number.exactOptional(),
  kl: number.exactOptional(),
  auroc: byName.exactOptional(),
  sharing: z.object({
    kl: z.array(z.object({ from: z.string(), to: z.string(), forward: number, backward: number, ratio: number })),
    responsibility: byName,
    activeUnits: byName,
  }).exactOptional(),
  pairs: z.int().nonnegative(),
  seconds: number,
}).catchall(number) as unknown as z.ZodType<ValidationLine>;

/** A line that holds a validation; `undefined` for another line, a torn or an invalid one. */
export function parseValidationLine(line: string): ValidationLine | undefined {
  try {
    return validationLineSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
