/**
 * How long the parts of a study's work took.
 *
 * @module
 */
import type { Builder } from "../../viz/report/markup/dom.ts";

/** The parts, in order, with what is said of each. */
const PARTS = {
  loading: "Loading the weights and compiling, once",
  decoding: "Reading and decoding the pictures",
  preparing: "Cropping, resizing and equalising them",
  encoding: "Encoding, on the GPU",
  views: "Reconstructions and translations, on the GPU",
  showing: "Probabilities, figures, neighbours",
} as const;

/** A part of the work. */
export type TimedPart = keyof typeof PARTS;

/** Times of one study's parts. */
export class Timings {
  readonly #milliseconds = new Map<TimedPart, number>();

  /** Adds to a part. */
  add(part: TimedPart, milliseconds: number): void {
    this.#milliseconds.set(part, (this.#milliseconds.get(part) ?? 0) + milliseconds);
  }

  /** Times work as a part. */
  async of<Result>(part: TimedPart, work: () => Result | Promise<Result>): Promise<Result> {
    const start = performance.now();
    try {
      return await work();
    } finally {
      this.add(part, performance.now() - start);
    }
  }

  /** Milliseconds of all parts but those that the first study alone has. */
  get total(): number {
    return [...this.#milliseconds].reduce((sum, [part, time]) => part === "loading" ? sum : sum + time, 0);
  }

  /** A table of the parts, closed until it is asked for. */
  element(h: Builder): HTMLElement {
    const rows = (Object.keys(PARTS) as TimedPart[]).flatMap((part) => {
      const time = this.#milliseconds.get(part);
      if (time === undefined) return [];
      return [h("tr", { "data-part": part }, h("th", { scope: "row" }, PARTS[part]), h("td", null, shown(time)))];
    });
    return h(
      "details",
      { class: "times" },
      h("summary", null, "Where the time went"),
      h("table", { class: "plain numbers" }, h("tbody", null, rows)),
    );
  }
}

function shown(milliseconds: number): string {
  return milliseconds < 9.95 ? `${milliseconds.toFixed(1)} ms` : `${milliseconds.toFixed(0)} ms`;
}
