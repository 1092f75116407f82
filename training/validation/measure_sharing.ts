/**
 * Diagnostics of soft sharing: how the posteriors of the views relate to each other.
 *
 * @module
 */
import type { SharedPair, SharingLine } from "../run/validation_line.ts";

/** Posteriors of a number of samples. */
export interface SharedPosteriors {
  /** Names of the views. */
  readonly views: readonly string[];
  /** Latent dimensions. */
  readonly latentDim: number;
  /** How many of the last dimensions are private to their view, and so compared with no other; 0 by default. */
  readonly privateDim?: number;
  /** Batches of posteriors. */
  readonly batches: readonly PosteriorBatch[];
}

/** Posteriors of one batch, view-major [M, N, D]. */
export interface PosteriorBatch {
  readonly mu: Float32Array;
  /** Natural logarithm of the variance. */
  readonly logvar: Float32Array;
  /** 1 where a view is there, [M, N]. */
  readonly present: Float32Array;
}

/** A latent dimension is active if its posterior mean varies more than this over the data (Burda et al., 2016). */
export const ACTIVE_VARIANCE = 0.01;

/**
 * Measures, in float64:
 *
 * - the KL divergence between each two views' posteriors in both directions, means over the samples that have both;
 * - each view's **responsibility** in the mixture of all views' posteriors, q_m(z) / sum_k q_k(z), at the posterior
 *   means of the present views, averaged over these and over the samples that have several views. Draws from the
 *   mixture would give every view the same share by symmetry; at the means a view whose posterior is sharper takes
 *   more, and one that says little takes less;
 * - each view's number of **active units**: dimensions whose posterior mean has a variance over the samples of more
 *   than 0.01 (Burda, Grosse and Salakhutdinov, "Importance Weighted Autoencoders", 2016), private ones included.
 */
export function measureSharing(posteriors: SharedPosteriors): SharingLine {
  const { views } = posteriors;
  const samples = [...samplesOf(posteriors)];
  const shared = samples.map((sample) => sample.map((one) => one && sharedPart(one, posteriors.privateDim ?? 0)));
  const responsibility = responsibilities(shared, views.length);
  const byView = (values: readonly number[]) => Object.fromEntries(views.map((view, m) => [view, values[m]!]));
  return {
    kl: views.flatMap((_, a) => views.slice(a + 1).map((_, i) => between(shared, { a, b: a + 1 + i, views }))),
    responsibility: byView(responsibility),
    activeUnits: byView(views.map((_, m) => activeUnits(samples, m))),
  };
}

/** The posterior of one view of a sample. */
interface Gaussian {
  readonly mu: Float32Array;
  readonly logvar: Float32Array;
}

/** A posterior without its private dimensions. */
function sharedPart({ mu, logvar }: Gaussian, privateDim: number): Gaussian {
  const width = mu.length - privateDim;
  return { mu: mu.subarray(0, width), logvar: logvar.subarray(0, width) };
}

/** A sample's posteriors by view; `undefined` for a view that it lacks. */
type Sample = readonly (Gaussian | undefined)[];

function* samplesOf({ views, latentDim: width, batches }: SharedPosteriors): Generator<Sample> {
  for (const { mu, logvar, present } of batches) {
    const count = present.length / views.length;
    for (let n = 0; n < count; n++) {
      yield views.map((_, m) => {
        if (!present[m * count + n]) return undefined;
        const at = (m * count + n) * width;
        return { mu: mu.subarray(at, at + width), logvar: logvar.subarray(at, at + width) };
      });
    }
  }
}

function between(
  samples: readonly Sample[],
  { a, b, views }: { a: number; b: number; views: readonly string[] },
): SharedPair {
  let [forward, backward, count] = [0, 0, 0];
  for (const sample of samples) {
    const [one, other] = [sample[a], sample[b]];
    if (!one || !other) continue;
    forward += divergence(one, other);
    backward += divergence(other, one);
    count++;
  }
  const ratio = forward === backward ? 1 : forward / backward;
  return { from: views[a]!, to: views[b]!, forward: forward / count, backward: backward / count, ratio };
}

/** KL(p || q) of diagonal Gaussians in nats. */
function divergence(p: Gaussian, q: Gaussian): number {
  let sum = 0;
  for (let d = 0; d < p.mu.length; d++) {
    const difference = q.logvar[d]! - p.logvar[d]!;
    sum += difference + Math.exp(-difference) + (p.mu[d]! - q.mu[d]!) ** 2 * Math.exp(-q.logvar[d]!) - 1;
  }
  return sum / 2;
}

function responsibilities(samples: readonly Sample[], views: number): number[] {
  const totals = new Array<number>(views).fill(0);
  let count = 0;
  for (const sample of samples) {
    const here = sample.flatMap((posterior, m) => posterior ? [{ m, posterior }] : []);
    // A view on its own has all responsibility by definition.
    if (here.length < 2) continue;
    for (const { posterior: { mu } } of here) {
      const densities = here.map(({ posterior }) => logDensity(mu, posterior));
      const most = Math.max(...densities);
      const weights = densities.map((density) => Math.exp(density - most));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      here.forEach(({ m }, i) => totals[m]! += weights[i]! / total);
      count++;
    }
  }
  return totals.map((total) => total / count);
}

/** The logarithm of a diagonal Gaussian's density, without its constant. */
function logDensity(z: Float32Array, { mu, logvar }: Gaussian): number {
  let sum = 0;
  for (let d = 0; d < z.length; d++) sum += logvar[d]! + (z[d]! - mu[d]!) ** 2 * Math.exp(-logvar[d]!);
  return -sum / 2;
}

function activeUnits(samples: readonly Sample[], view: number): number {
  const means = samples.flatMap((sample) => sample[view] ? [sample[view].mu] : []);
  if (means.length === 0) return 0;
  let active = 0;
  for (let d = 0; d < means[0]!.length; d++) {
    const mean = means.reduce((sum, mu) => sum + mu[d]!, 0) / means.length;
    const variance = means.reduce((sum, mu) => sum + (mu[d]! - mean) ** 2, 0) / means.length;
    if (variance > ACTIVE_VARIANCE) active++;
  }
  return active;
}
