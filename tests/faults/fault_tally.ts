import assert from "node:assert/strict";

/** Faults that were put into runs, by kind, and those after which nothing was lost. */
export class FaultTally {
  readonly #counts = new Map<string, { tried: number; survived: number }>();

  /** A fault has happened. */
  tried(kind: string, times = 1): void {
    this.#of(kind).tried += times;
  }

  /** What it left has been compared with the run without faults. */
  survived(kind: string, times = 1): void {
    this.#of(kind).survived += times;
  }

  /** A step a kind, which gives the counts by its name. */
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
