/**
 * The studies of the cohort whose latents are nearest.
 *
 * @module
 */
import type { Builder } from "../../viz/report/markup/dom.ts";
import { BLOCKS, type Neighbours, type PageModel } from "../stored/page_model.ts";
import { unzippedBlock } from "./blocks.ts";
import { shownView } from "./figures.ts";
import type { Latent } from "./loaded_model.ts";

/** Studies shown for each view. */
const SHOWN = 5;

/** Numbers of the rows nearest to a latent, nearest first. */
export function nearestRows(
  mu: ArrayLike<number>,
  rows: Float32Array,
  { count }: { count: number },
): { row: number; distance: number }[] {
  const dimension = mu.length;
  return Array.from({ length: rows.length / dimension }, (_, row) => {
    let sum = 0;
    for (let j = 0; j < dimension; j++) sum += (rows[row * dimension + j]! - mu[j]!) ** 2;
    return { row, distance: Math.sqrt(sum) };
  }).sort((a, b) => a.distance - b.distance).slice(0, count);
}

/** The stored studies, read from the page when first needed. */
export class NeighbourPart {
  readonly element: HTMLElement;
  readonly #content: HTMLElement;
  #bytes: Uint8Array<ArrayBuffer> | undefined;

  constructor(private readonly h: Builder, private readonly page: PageModel, private readonly stored: Neighbours) {
    this.#content = h("div");
    this.element = h(
      "section",
      { class: "part", "aria-labelledby": "near-title", hidden: true },
      h("h3", { id: "near-title" }, "Nearest studies of the cohort"),
      h("p", null, `Among ${stored.positives.length} exported studies, by the distance of their latents.`),
      this.#content,
    );
  }

  /** Shows the neighbours of a study. */
  async show(latents: ReadonlyMap<string, Latent>): Promise<void> {
    this.element.hidden = latents.size === 0;
    this.#bytes ??= await unzippedBlock(BLOCKS.neighbours);
    this.#content.replaceChildren(...[...latents].map(([view, latent]) => this.#ofView(view, latent)));
  }

  #ofView(view: string, { mu }: Latent): HTMLElement {
    const { h, stored } = this;
    const { side, views, positives } = stored;
    const studies = positives.length;
    const m = views.indexOf(view);
    const bytes = this.#bytes!;
    const latents = new Float32Array(bytes.buffer, m * studies * mu.length * 4, studies * mu.length);
    const pictures = views.length * studies * mu.length * 4;
    const labels = this.page.probes[0]?.labels ?? [];
    return h(
      "div",
      null,
      h("h4", null, `By the ${view} view`),
      h(
        "ol",
        { class: "near" },
        nearestRows(mu, latents, { count: SHOWN }).map(({ row, distance }) => {
          const has = positives[row]!.map((label) => labels[label]?.label ?? "").join(", ") || "no finding is labelled";
          return h(
            "li",
            null,
            h("p", null, `Distance ${distance.toFixed(2)}: ${has}`),
            h(
              "div",
              { class: "pictures" },
              views.map((other, k) => {
                const start = pictures + (k * studies + row) * side * side;
                const pixels = bytes.subarray(start, start + side * side);
                return shownView(h, pixels, { side, caption: `${other}` });
              }),
            ),
          );
        }),
      ),
    );
  }
}
