/**
 * How far a method is ahead of the best other VAE.
 *
 * @module
 */
import type { Comparison, Interval } from "./results.ts";

/** The lead of a method in macro AUROC over the best other VAE of the same view and setting. */
export interface Lead extends Pick<Comparison, "view" | "p" | "pHolm"> {
  /** The setting of both. */
  readonly setting: NonNullable<Comparison["setting"]>;
  /** The best other VAE. */
  readonly other: string;
  /** The paired difference; negative if the other one is ahead. */
  readonly difference: Interval;
}

/**
 * The leads of a method, from comparisons with all other VAEs in either direction: in each view and setting the
 * smallest one, in the order of the comparisons.
 */
export function leadsOf(comparisons: readonly Comparison[], method: string): Lead[] {
  const leads = new Map<string, Lead>();
  for (const comparison of comparisons) {
    const { view, label, labelledFraction, probe, latents, setting = {}, baseline, p, pHolm } = comparison;
    const other = baseline === method ? comparison.method : baseline;
    const isOwn = [baseline, comparison.method].includes(method);
    if (label !== null || !isOwn || other.startsWith("supervised")) continue;
    const difference = baseline === method ? negative(comparison.difference) : comparison.difference;
    if (difference.value === null) continue;
    const key = JSON.stringify([view, labelledFraction, probe, latents, setting]);
    const known = leads.get(key);
    if (known !== undefined && known.difference.value! <= difference.value) continue;
    leads.set(key, { view, setting, other, difference, p, pHolm });
  }
  return [...leads.values()];
}

function negative({ value, low, high }: Interval): Interval {
  const minus = (number: number | null) => number === null ? null : -number;
  return { value: minus(value), low: minus(high), high: minus(low) };
}
