/**
 * Probabilities of labels from a latent.
 *
 * @module
 */
import { sigmoid } from "../../eval/probes/logistic_regression.ts";
import type { LinearProbe, ViewProbes } from "./page_model.ts";

/** The score of a probe: the log-odds of its label, or its logit among exclusive labels. */
export function logitOf({ coefficients, intercept }: LinearProbe, mu: ArrayLike<number>): number {
  let sum = intercept;
  for (let i = 0; i < coefficients.length; i++) sum += coefficients[i]! * mu[i]!;
  return sum;
}

/** The average of each label's probabilities over the views that are there; `null` where no view has one. */
export function averageProbabilities(views: readonly (readonly (number | null)[])[]): (number | null)[] {
  return (views[0] ?? []).map((_, label) => {
    const own = views.flatMap((probabilities) => probabilities[label] ?? []);
    return own.length > 0 ? own.reduce((sum, value) => sum + value, 0) / own.length : null;
  });
}

/** The probability of each label; `null` without a probe. */
export function probabilitiesOf({ labels, exclusive }: ViewProbes, mu: ArrayLike<number>): (number | null)[] {
  const logits = labels.map(({ probe }) => probe && logitOf(probe, mu));
  if (!exclusive) return logits.map((logit) => logit === null ? null : sigmoid(logit));
  const largest = Math.max(...logits.map((logit) => logit ?? -Infinity));
  const weights = logits.map((logit) => logit === null ? null : Math.exp(logit - largest));
  const total = weights.reduce<number>((sum, weight) => sum + (weight ?? 0), 0);
  return weights.map((weight) => weight === null ? null : weight / total);
}
