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

  /** A line a kind. */
  toString(): string {
    return [...this.#counts].map(([kind, { tried, survived }]) =>
      `faults: ${kind}: ${tried} tried, ${survived} survived`
    )
      .join("\n");
  }

  #of(kind: string): { tried: number; survived: number } {
    const counts = this.#counts.get(kind) ?? { tried: 0, survived: 0 };
    this.#counts.set(kind, counts);
    return counts;
  }
}
