/**
 * Stratified draws of mixture components for MoE and MoPoE, as an alternative to the published slices of the batch.
 *
 * @module
 */
import { type AggregateMethod, mixtureComponents, randomWords } from "../../runtime/mod.ts";

/** Whether an aggregation is a mixture, of which each sample takes one component. */
export function isMixture(aggregation: AggregateMethod | undefined): boolean {
  return aggregation === "moe" || aggregation === "mopoe";
}

/** Everything that determines a draw. */
export interface ComponentDraw {
  readonly aggregation: AggregateMethod;
  readonly views: number;
  readonly samples: number;
  /** 1 where a view is present, view-major [M, N]; undefined if none is missing. */
  readonly present?: Float32Array;
  readonly seed: number;
  readonly stream: number;
  readonly step: number;
}

/**
 * A component for each sample, stratified over the batch: the unit interval is cut into N equal strata, each sample
 * gets one of them at random and a uniform number u in it, and takes component floor(u K). Every component is then
 * equally likely for every sample, and is taken by N / K samples, plus or minus less than two. K counts the components
 * of the sample's own present views.
 *
 * @returns Numbers below K, [N], for `aggregate()` of the engine.
 */
export function drawComponents(draw: ComponentDraw): Uint32Array {
  const { aggregation, views, samples, present, seed, stream, step } = draw;
  const words = randomWords(2 * samples, { seed, stream, step });
  const counts = Array.from({ length: views + 1 }, (_, k) => k === 0 ? 1 : mixtureComponents(aggregation, k).length);
  const strata = Uint32Array.from({ length: samples }, (_, n) => n);
  for (let i = samples - 1; i > 0; i--) {
    const j = Math.floor(words[i]! / 2 ** 32 * (i + 1));
    [strata[i], strata[j]] = [strata[j]!, strata[i]!];
  }
  return strata.map((stratum, n) => {
    const u = (stratum + words[samples + n]! / 2 ** 32) / samples;
    const count = counts[present ? presentViews(present, { views, samples, sample: n }) : views]!;
    return Math.min(Math.floor(u * count), count - 1);
  });
}

function presentViews(present: Float32Array, at: { views: number; samples: number; sample: number }): number {
  let count = 0;
  for (let m = 0; m < at.views; m++) count += present[m * at.samples + at.sample]! > 0.5 ? 1 : 0;
  return count;
}
