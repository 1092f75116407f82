/**
 * The views of a batch, or of a micro-batch of it, as a step's program is given them.
 *
 * @module
 */
import { fillAbsent, type PartialBatch } from "./absent_views.ts";
import { type PartRows, viewsOfPart } from "./split_batch.ts";
import type { ViewBatch } from "./view_batch.ts";

/** What a step's program is given of a batch's views. */
export interface GivenViews {
  /** The views, without gaps. */
  readonly filled: ViewBatch;
  /** The mask of present views, for programs that take one. */
  readonly given: { readonly present?: Float32Array };
  /** Views that no sample has. */
  readonly absent: readonly number[];
}

/**
 * Cuts out the part of a batch and fills the places of missing views.
 *
 * @param options.views Number of views M.
 * @param options.texts Numbers of the views that are texts.
 * @param options.missingViews Whether the program takes a mask of present views; without one all count as present.
 * @throws {RangeError} unless the batch has as many samples as all parts.
 */
export function givenViews(
  batch: PartialBatch,
  options: PartRows & { views: number; texts: readonly number[]; missingViews: boolean | undefined },
): GivenViews {
  const { views, texts: textViews, missingViews } = options;
  const { pixels, texts, present } = viewsOfPart(batch, { ...options, texts: textViews.length });
  const given = missingViews && present ? { present } : {};
  const { absent, ...filled } = fillAbsent(
    { pixels, ...(texts ? { texts } : {}), ...given },
    { views, texts: textViews },
  );
  return { filled, given, absent };
}
