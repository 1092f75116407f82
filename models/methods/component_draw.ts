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

/** A rank's part of a batch, in data-parallel training: part `index` of `of` equal ones. */
export interface BatchPart {
  /** Number of the part, from 0. */
  readonly index: number;
  /** Number of parts. */
  readonly of: number;
}

/** Everything that determines a draw. */
export interface ComponentDraw {
  readonly aggregation: AggregateMethod;
  readonly views: number;
  readonly samples: number;
  /** The samples are this part of a batch, over all of which components are drawn; by default they are the batch. */
  readonly part?: BatchPart;
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
  const { samples, part = { index: 0, of: 1 }, seed, stream, step } = draw;
  const batch = samples * part.of;
  const words = randomWords(2 * batch, { seed, stream, step });
  const strata = Uint32Array.from({ length: batch }, (_, n) => n);
  for (let i = batch - 1; i > 0; i--) {
    const j = Math.floor(words[i]! / 2 ** 32 * (i + 1));
    [strata[i], strata[j]] = [strata[j]!, strata[i]!];
  }
  const countOf = componentCounts(draw);
  const first = part.index * samples;
  return Uint32Array.from({ length: samples }, (_, n) => {
    const u = (strata[first + n]! + words[batch + first + n]! / 2 ** 32) / batch;
    const count = countOf(n);
    return Math.min(Math.floor(u * count), count - 1);
  });
}

/**
 * The components that a part's samples take by contiguous slices of the whole batch, as `aggregate()` of the engine
 * assigns them in a batch that is not divided.
 *
 * @returns Numbers below K, [N].
 */
export function sliceComponents(
  draw: Omit<ComponentDraw, "seed" | "stream" | "step"> & { part: BatchPart },
): Uint32Array {
  const { samples, part } = draw;
  const countOf = componentCounts(draw);
  return Uint32Array.from({ length: samples }, (_, n) => {
    const count = countOf(n);
    const slice = Math.floor(samples * part.of / count);
    return slice === 0 ? count - 1 : Math.min(Math.floor((part.index * samples + n) / slice), count - 1);
  });
}

/** The number of components of each sample: those over its present views. */
function componentCounts(
  { aggregation, views, samples, present }: Pick<ComponentDraw, "aggregation" | "views" | "samples" | "present">,
): (sample: number) => number {
  const counts = Array.from({ length: views + 1 }, (_, k) => k === 0 ? 1 : mixtureComponents(aggregation, k).length);
  return (sample) => counts[present ? presentViews(present, { views, samples, sample }) : views]!;
}

function presentViews(present: Float32Array, at: { views: number; samples: number; sample: number }): number {
  let count = 0;
  for (let m = 0; m < at.views; m++) count += present[m * at.samples + at.sample]! > 0.5 ? 1 : 0;
  return count;
}
