/**
 * What the page is doing, for the eye and for screen readers.
 *
 * @module
 */
import type { Builder } from "../../viz/report/markup/dom.ts";

/** Least milliseconds between two frames that are waited for. */
const PAINT_EVERY = 100;

/** A line of text with a progress bar, and a place for errors. */
export class Status {
  /** The element to put into the page. */
  readonly element: HTMLElement;
  readonly #text: HTMLElement;
  readonly #bar: HTMLProgressElement;
  readonly #fault: HTMLElement;
  #painted = -Infinity;

  constructor(h: Builder, name: string) {
    this.#text = h("p", { role: "status", class: "status-text" });
    this.#bar = h("progress", { max: 1, "aria-label": `${name}: progress`, hidden: true });
    this.#fault = h("p", { role: "alert", class: "faults", hidden: true });
    this.element = h("div", { class: "status" }, this.#text, this.#bar, this.#fault);
  }

  /**
   * Shows work in progress, done to this share in [0, 1]. Resolves once the browser has painted it, but waits for no
   * frame within a tenth of a second of the last one: on a fast GPU frames would take longer than the work.
   */
  async busy(text: string, share: number): Promise<void> {
    this.#fault.hidden = true;
    this.#text.textContent = text;
    this.#bar.hidden = false;
    this.#bar.value = share;
    if (performance.now() - this.#painted < PAINT_EVERY) return;
    await painted();
    this.#painted = performance.now();
  }

  /** Shows that the work is done. */
  done(text: string): void {
    this.#bar.hidden = true;
    this.#text.textContent = text;
  }

  /** Shows an error, one sentence. */
  fail(text: string): void {
    this.done("");
    this.#fault.textContent = text;
    this.#fault.hidden = false;
  }
}

/** Resolves after the next frame, or soon after in a page that is hidden. */
export function painted(): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, 100);
    requestAnimationFrame(() => {
      clearTimeout(timer);
      setTimeout(resolve, 0);
    });
  });
}
