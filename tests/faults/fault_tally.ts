/**
 * Counts injected faults and those that were survived.
 *
 * @module
 */
import assert from "node:assert/strict";

/** Injected faults by kind, and how many of them lost nothing. */
export class FaultTally {
  readonly #counts = new Map<string, { tried: number; survived: number }>();

  /** Counts an injected fault. */
  tried(kind: string, times = 1): void {
    this.#of(kind).tried += times;
  }

  /** Counts a fault after which the run matched the one without faults. */
  survived(kind: string, times = 1): void {
    this.#of(kind).survived += times;
  }

  /** Adds one test step per kind, with the counts in its name; it fails unless every fault was survived. */
  async report(test: Deno.TestContext): Promise<void> {
    for (const [kind, { tried, survived }] of this.#counts) {
      await test.step(`${kind}: ${tried} tried, ${survived} survived`, () => assert.equal(survived, tried));
    }
  }

  #of(kind: string): { tried: number; survived: number } {
    const counts = this.#counts.get(kind) ?? { tried: 0, survived: 0 };
    this.#counts.set(kind, counts);
    return counts;
  }
}
