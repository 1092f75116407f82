/**
 * Cuts batches of views into equal parts, in order: the micro-batches of a step.
 *
 * @module
 */
import type { PartialBatch } from "./absent_views.ts";
import type { BatchPart } from "./methods/component_draw.ts";
import type { Pixels } from "./view_batch.ts";

/** A part of an array of samples. */
export interface PartRows {
  /** The part. */
  readonly part: BatchPart;
  /** Samples of a part. */
  readonly samples: number;
}

/** Arrays that can be cut. */
type Values = Uint8Array | Int8Array | Float32Array | Uint16Array | Uint32Array;

/** The only part of a batch that is not cut. */
export const WHOLE: BatchPart = { index: 0, of: 1 };

/**
 * The views of one part of a batch.
 *
 * @param options.views Number of views M.
 * @param options.texts Number of the views that are texts.
 * @throws {RangeError} naming the sizes, unless the batch has as many samples as all parts.
 */
export function viewsOfPart(batch: PartialBatch, options: PartRows & { views: number; texts: number }): PartialBatch {
  const { part, samples, views } = options;
  if (part.of === 1) return batch;
  const { pixels, texts, present } = batch;
  const at = { part, samples };
  return {
    pixels: pixelsOfPart(pixels, { ...at, images: views - options.texts }),
    ...(texts
      ? { texts: texts.map(({ tokens, lengths }) => ({ tokens: rowsOf(tokens, at), lengths: rowsOf(lengths, at) })) }
      : {}),
    ...(present ? { present: viewRowsOf(present, { ...at, views }) } : {}),
  };
}

/**
 * The rows of one part of an array whose first axis is the batch; the same memory.
 *
 * @throws {RangeError} naming the sizes, unless the array can be cut.
 */
export function rowsOf<T extends Values>(values: T, { part: { index, of }, samples }: PartRows): T {
  if (of === 1) return values;
  if (values.length % (of * samples) !== 0) {
    throw new RangeError(`a batch of ${values.length} values cannot be cut into ${of} parts of ${samples} samples`);
  }
  const size = values.length / of;
  return values.subarray(index * size, (index + 1) * size) as T;
}

/** The rows of one part of a view-major array [M, N, ...], copied together. */
export function viewRowsOf<T extends Values>(values: T, { views, ...at }: PartRows & { views: number }): T {
  if (at.part.of === 1) return values;
  const size = values.length / views;
  const joined = values.slice(0, values.length / at.part.of) as T;
  for (let m = 0; m < views; m++) {
    const rows = rowsOf(values.subarray(m * size, (m + 1) * size), at);
    joined.set(rows, m * rows.length);
  }
  return joined;
}

function pixelsOfPart(pixels: Pixels, { images, ...at }: PartRows & { images: number }): Pixels {
  if (!(pixels instanceof Uint8Array)) return pixels.map((image) => rowsOf(image, at));
  return images === 0 ? pixels : viewRowsOf(pixels, { ...at, views: images });
}
