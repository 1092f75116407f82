/**
 * Views of a batch as people see them: pictures as bytes, texts as words.
 *
 * @module
 */
import type { ViewBatch } from "../../models/mod.ts";
import type { RunTexts } from "../../training/data/run_data.ts";
import type { RunViews } from "../../training/data/run_views.ts";
import { toBytes } from "./picture_grid.ts";

/** A picture, row-major bytes, or a text. */
export type Shown = Uint8Array | string;

/** Takes single samples out of a batch and out of what a model decodes. */
export class ShownViews {
  /** Side of the pictures in pixels. */
  readonly imageSize: number;

  constructor(
    private readonly options: {
      readonly views: Pick<RunViews, "names" | "texts">;
      readonly texts?: RunTexts | undefined;
      readonly imageSize: number;
      readonly batchSize: number;
    },
  ) {
    this.imageSize = options.imageSize;
  }

  /** Whether a view is a text. */
  isText(view: number): boolean {
    return this.options.views.texts.includes(view);
  }

  /** A view of a sample of the batch: a text as its words, with `<unk>` for unknown ones. */
  original(batch: ViewBatch, at: { view: number; row: number }): Shown {
    const { view, row } = at;
    const { views: { texts }, batchSize } = this.options;
    if (this.isText(view)) return this.#words(batch.texts![texts.indexOf(view)]!.tokens, row);
    const size = this.imageSize ** 2;
    const image = view - texts.filter((text) => text < view).length;
    const start = (image * batchSize + row) * size;
    return (batch.pixels as Uint8Array).slice(start, start + size);
  }

  /** A sample of what a model decodes for a view: the mean image, or the most probable words. */
  decoded(values: Float32Array, at: { view: number; row: number }): Shown {
    const { view, row } = at;
    if (this.isText(view)) return this.#words(values, row);
    const size = this.imageSize ** 2;
    return toBytes(values.subarray(row * size, (row + 1) * size));
  }

  #words(tokens: Uint16Array | Uint32Array | Float32Array, row: number): string {
    const { vocabulary, table: { length } } = this.options.texts!;
    return vocabulary.decode(tokens.subarray(row * length, (row + 1) * length));
  }
}
