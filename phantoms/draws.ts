/**
 * Random distributions used for drawing phantoms.
 *
 * @module
 */
import { SeededRandom } from "../base/random.ts";

/** A seeded generator with the distributions needed for phantoms. */
export class Draws extends SeededRandom {
  /** Uniform in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.uniform();
  }

  /** Normal with this mean and standard deviation, clamped to three standard deviations. */
  around(mean: number, deviation: number): number {
    return mean + deviation * Math.max(-3, Math.min(3, this.normal()));
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  /** One of the items, uniformly. */
  pick<T>(items: readonly [T, ...T[]]): T {
    return items[this.below(items.length)] ?? items[0];
  }

  /** -1 or 1. */
  sign(): -1 | 1 {
    return this.chance(0.5) ? 1 : -1;
  }
}
