/**
 * What the logs of a run say of its training, in plain sentences: only what is out of bounds.
 *
 * @module
 */
import type { MetricsLine } from "../../training/run/run_directory.ts";
import type { SharingLine, ValidationLine } from "../../training/run/validation_line.ts";

/** The logs of a run, and what decides which bounds apply. */
export interface TrainingLogs {
  readonly steps: readonly MetricsLine[];
  readonly validations: readonly ValidationLine[];
  /** Latent dimensions. */
  readonly latentDim: number;
  /** Whether each view keeps a posterior of its own, drawn to those of the others (MMVM). */
  readonly sharesSoftly: boolean;
}

/**
 * Largest ratio of the divergences between two views. Gaussians with the same means have a ratio of 3 if one has about
 * five times the variance of the other in every dimension: one view then hardly constrains what the other determines.
 */
const MOST_RATIO = 3;
/**
 * Least responsibility of a view, as a share of an even one: with two views, one that has less than a fifth takes part
 * in the mixture in name only, and the prior of all views is the other's posterior.
 */
const LEAST_SHARE = 0.4;
/** Least share of a view's latent units that are active; below it most of the latent space carries nothing. */
const LEAST_ACTIVE = 0.1;
/** A spike is a gradient norm of so many times the median of the steps before. */
const SPIKE = 10;
/** Steps of that median; none of the first steps, which are large in any run, can be a spike. */
const SPIKE_WINDOW = 100;
/** Spikes of a run without remark: one in so many steps, as a stray batch may cause. */
const STEPS_PER_SPIKE = 1000;
/** Medians into which the loss is condensed to look for plateaus. */
const BINS = 50;
/** A plateau is at least this share of a run, in which the loss falls by at most `PLATEAU_FALL` of its whole fall. */
const PLATEAU_LENGTH = 0.2;
const PLATEAU_FALL = 0.02;
/** A plateau matters if it is left in the second half, and the loss then falls by this share of its whole fall. */
const LATE = 0.5;
const LATE_FALL = 0.1;

/** Sentences about what is out of bounds; none if nothing is. */
export function trainingFindings({ steps, validations, latentDim, sharesSoftly }: TrainingLogs): string[] {
  const sharing = validations.at(-1)?.sharing;
  return [
    ...(sharing && sharesSoftly ? [...asymmetry(sharing), ...dominance(sharing)] : []),
    ...(sharing ? inactivity(sharing, latentDim) : []),
    ...spikes(steps),
    ...latePlateau(steps),
  ];
}

function asymmetry({ kl }: SharingLine): string[] {
  return kl.flatMap(({ from, to, forward, backward, ratio }) => {
    if (!(ratio > MOST_RATIO || ratio < 1 / MOST_RATIO)) return [];
    const [a, b] = ratio > 1 ? [from, to] : [to, from];
    const values = [Math.max(forward, backward), Math.min(forward, backward)].map((value) => value.toPrecision(3));
    return [
      `Sharing is asymmetric: KL(${a} || ${b}) is ${values[0]} nats and KL(${b} || ${a}) ${values[1]}, ` +
      `${(Math.max(ratio, 1 / ratio)).toPrecision(2)} to 1 (bound ${MOST_RATIO}); the posterior of ${b} is much ` +
      `sharper than that of ${a}.`,
    ];
  });
}

function dominance({ responsibility }: SharingLine): string[] {
  const even = 1 / Object.keys(responsibility).length;
  return Object.entries(responsibility).flatMap(([view, share]) =>
    share < LEAST_SHARE * even
      ? [
        `The ${view} view has ${percent(share)} of the responsibility in the mixture of posteriors, where an even ` +
        `share is ${percent(even)} (bound ${percent(LEAST_SHARE * even)}): the other views decide the shared prior.`,
      ]
      : []
  );
}

function inactivity({ activeUnits }: SharingLine, latentDim: number): string[] {
  return Object.entries(activeUnits).flatMap(([view, active]) =>
    active < LEAST_ACTIVE * latentDim
      ? [
        `The ${view} view uses ${active} of ${latentDim} latent units (bound ${
          percent(LEAST_ACTIVE)
        }): its posterior ` +
        "hardly depends on the image; train longer, or give a smaller --beta.",
      ]
      : []
  );
}

function spikes(steps: readonly MetricsLine[]): string[] {
  const norms = steps.map(({ gradientNorm }) => gradientNorm);
  const found = spikesOf(norms);
  if (found.length <= norms.length / STEPS_PER_SPIKE) return [];
  const at = found.slice(0, 5).map((i) => steps[i]!.step).join(", ");
  return [
    `The gradient's norm jumped to over ${SPIKE} times the median of the ${SPIKE_WINDOW} steps before in ` +
    `${found.length} of ${norms.length} steps (${at}${found.length > 5 ? ", ..." : ""}; bound one in ` +
    `${STEPS_PER_SPIKE.toLocaleString("en")}): training is unstable; give a smaller --lr.`,
  ];
}

/** The places of the spikes in a series of gradient norms. */
export function spikesOf(norms: readonly number[]): number[] {
  const found: number[] = [];
  // Sorted insertion keeps the window's median at hand.
  const window: number[] = [];
  norms.forEach((norm, i) => {
    if (i >= SPIKE_WINDOW) {
      if (norm > SPIKE * window[SPIKE_WINDOW / 2]!) found.push(i);
      window.splice(placeOf(window, norms[i - SPIKE_WINDOW]!), 1);
    }
    window.splice(placeOf(window, norm), 0, norm);
  });
  return found;
}

/** The first place in an ascending list whose value is not less. */
function placeOf(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function latePlateau(steps: readonly MetricsLine[]): string[] {
  const found = plateauOf(steps.map(({ loss }) => loss));
  if (found === undefined) return [];
  const stepAt = (share: number) => steps[Math.min(steps.length - 1, Math.round(share * steps.length))]!.step;
  return [
    `The loss stayed on a plateau from step ${stepAt(found.from)} to ${stepAt(found.to)} and made ` +
    `${percent(found.fall)} of its whole fall only then (bounds ${percent(LATE)} of the run and ` +
    `${percent(LATE_FALL)}): the run may have ended too early; more --epochs would tell.`,
  ];
}

/** A plateau that the loss leaves late. */
export interface LatePlateau {
  /** Where it begins and ends, as shares of the run. */
  readonly from: number;
  readonly to: number;
  /** The fall after it, as a share of the whole fall. */
  readonly fall: number;
}

/** The longest plateau that a series of losses leaves late, if there is one. */
export function plateauOf(losses: readonly number[]): LatePlateau | undefined {
  if (losses.length < 2 * BINS) return undefined;
  const bins = Array.from({ length: BINS }, (_, bin) => {
    const part = losses.slice(Math.floor(bin * losses.length / BINS), Math.floor((bin + 1) * losses.length / BINS));
    return part.toSorted((a, b) => a - b)[part.length >> 1]!;
  });
  const lowest = Math.min(...bins);
  const whole = bins[0]! - lowest;
  if (!(whole > 0)) return undefined;
  let best: LatePlateau | undefined;
  for (let from = 0; from < BINS; from++) {
    let [low, high, to] = [bins[from]!, bins[from]!, from];
    for (let next = from + 1; next < BINS; next++) {
      [low, high] = [Math.min(low, bins[next]!), Math.max(high, bins[next]!)];
      if (high - low > PLATEAU_FALL * whole) break;
      to = next;
    }
    const fall = (bins[to]! - Math.min(...bins.slice(to))) / whole;
    const long = to - from + 1 >= PLATEAU_LENGTH * BINS && to + 1 >= LATE * BINS;
    if (!long || fall < LATE_FALL || (best && to - from <= (best.to - best.from) * BINS - 1)) continue;
    best = { from: from / BINS, to: (to + 1) / BINS, fall };
  }
  return best;
}

function percent(share: number): string {
  return `${Math.round(100 * share)}%`;
}
