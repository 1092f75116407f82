/**
 * What follows from the validations so far: which is the best, and whether training is to stop early. Everything is
 * derived from the lines of `metrics.jsonl`, so that a resumed run decides as an uninterrupted one.
 *
 * @module
 */
import type { ValidationLine } from "../run/validation_line.ts";

/** What the best validation is chosen by: the lowest loss or the highest mean AUROC. */
export const BEST_BY = ["loss", "auroc"] as const;

/** One of {@linkcode BEST_BY}. */
export type BestBy = typeof BEST_BY[number];

/** What a validation is judged by; NaN if it lacks that. */
export function valueOf(line: Pick<ValidationLine, "loss" | "auroc">, by: BestBy): number {
  return by === "loss" ? line.loss : line.auroc?.mean ?? NaN;
}

/**
 * The number of the best validation: the first of equally good ones; values that are not finite never are.
 *
 * @returns -1 if there is none.
 */
export function bestIndex(lines: readonly Pick<ValidationLine, "loss" | "auroc">[], by: BestBy): number {
  const sign = by === "loss" ? -1 : 1;
  let best = -1;
  lines.forEach((line, i) => {
    const value = valueOf(line, by);
    if (!Number.isFinite(value)) return;
    if (best < 0 || sign * value > sign * valueOf(lines[best]!, by)) best = i;
  });
  return best;
}

/** Whether the last `patience` validations did not improve on an earlier one. */
export function isExhausted(
  lines: readonly Pick<ValidationLine, "loss" | "auroc">[],
  { by, patience }: { by: BestBy; patience: number },
): boolean {
  return lines.length - 1 - bestIndex(lines, by) >= patience;
}
