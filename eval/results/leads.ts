/**
 * How far a method is ahead of the best other VAE.
 *
 * @module
 */
import { methodKind } from "../../models/mod.ts";
import type { Comparison, Interval } from "./results.ts";

/** The lead of a method in macro AUROC over another VAE in the same view and setting. */
export interface Lead extends Pick<Comparison, "view" | "p" | "pHolm"> {
  /** The setting of both. */
  readonly setting: NonNullable<Comparison["setting"]>;
  /** The other VAE. */
  readonly other: string;
  /** The paired difference; negative if the other one is ahead. */
  readonly difference: Interval;
}

/**
 * The differences in macro AUROC of a method from all other VAEs, from comparisons in either direction and in their
 * order.
 */
export function againstVaes(comparisons: readonly Comparison[], method: string): (Lead & { readonly basis: string })[] {
  return comparisons.flatMap((comparison) => {
    const { view, label, labelledFraction, probe, latents, setting = {}, baseline, p, pHolm } = comparison;
    const other = baseline === method ? comparison.method : baseline;
    const isOwn = [baseline, comparison.method].includes(method);
    // A group's name is a method, followed by its setting in brackets: `avg (private 8)`.
    if (label !== null || !isOwn || methodKind(other.replace(/ \(.*/, "")) !== "vae") return [];
    const difference = baseline === method ? negative(comparison.difference) : comparison.difference;
    const basis = JSON.stringify([view, labelledFraction, probe, latents, setting]);
    return [{ basis, view, setting, other, difference, p, pHolm }];
  });
}

/** The leads of a method: in each view and setting the smallest difference from another VAE. */
export function leadsOf(comparisons: readonly Comparison[], method: string): Lead[] {
  const leads = new Map<string, Lead>();
  for (const { basis, ...lead } of againstVaes(comparisons, method)) {
    const { value } = lead.difference;
    const known = leads.get(basis)?.difference.value ?? Infinity;
    if (value !== null && value < known) leads.set(basis, lead);
  }
  return [...leads.values()];
}

function negative({ value, low, high }: Interval): Interval {
  const minus = (number: number | null) => number === null ? null : -number;
  return { value: minus(value), low: minus(high), high: minus(low) };
}
