/**
 * Fills the place of missing views in a training batch.
 *
 * Missing views do not contribute to the objective, but batch norm would still include them: zeros in their place
 * would bias the batch statistics and the running statistics. Each missing view is therefore replaced by a present one
 * of the same kind and batch, cycling through them, so that the statistics are those of real data, some counted more
 * than once. If a whole batch lacks a view, its place is zeros, and the running statistics of that view's networks are
 * restored after the step.
 *
 * @module
 */
import type { Pixels, TokenBatch, ViewBatch } from "./view_batch.ts";

/** A batch that may lack views. */
export interface PartialBatch extends ViewBatch {
  /** 1 where a view is there, view-major [M, N]; all views are if omitted. */
  readonly present?: Float32Array;
}

/** A batch without gaps. */
export interface FilledBatch extends ViewBatch {
  /** Views that no sample of the batch has. */
  readonly absent: readonly number[];
}

/** A view's part of a batch that may be changed, sample-major. */
type Part = Uint8Array | Float32Array | Uint16Array | Uint32Array;

/**
 * Fills the gaps of a batch without modifying it.
 *
 * @param options.views Number of views M.
 * @param options.texts Numbers of the views that are texts; none by default.
 */
export function fillAbsent(batch: PartialBatch, options: { views: number; texts?: readonly number[] }): FilledBatch {
  const { pixels, texts, present } = batch;
  const given = { pixels, ...(texts ? { texts } : {}) };
  if (!present) return { ...given, absent: [] };
  const { views, texts: textViews = [] } = options;
  const samples = present.length / views;
  const gaps = Array.from({ length: views }, (_, m) => gapsOf(present.subarray(m * samples, (m + 1) * samples)));
  if (gaps.every(({ missing }) => missing.length === 0)) return { ...given, absent: [] };
  const copy = { pixels: copyPixels(pixels), texts: texts?.map(copyText) ?? [] };
  let [image, text] = [0, 0];
  gaps.forEach((gap, m) => {
    const parts = textViews.includes(m)
      ? Object.values(copy.texts[text++]!)
      : [imageOf(copy.pixels, { images: views - textViews.length, m: image++ })];
    for (const part of parts) fill(part, { ...gap, samples });
  });
  return {
    pixels: copy.pixels,
    ...(texts ? { texts: copy.texts } : {}),
    absent: gaps.flatMap(({ here }, m) => here.length === 0 ? [m] : []),
  };
}

/** The samples that have a view and those that lack it. */
interface Gaps {
  readonly here: readonly number[];
  readonly missing: readonly number[];
}

function gapsOf(present: Float32Array): Gaps {
  const here: number[] = [];
  const missing: number[] = [];
  present.forEach((value, n) => (value > 0.5 ? here : missing).push(n));
  return { here, missing };
}

function fill(part: Part, { here, missing, samples }: Gaps & { samples: number }): void {
  if (here.length === 0) {
    part.fill(0);
    return;
  }
  const size = part.length / samples;
  missing.forEach((n, i) => {
    const from = here[i % here.length]! * size;
    part.copyWithin(n * size, from, from + size);
  });
}

function copyPixels(pixels: Pixels): Pixels {
  return pixels instanceof Uint8Array ? pixels.slice() : pixels.map((image) => image.slice());
}

function copyText({ tokens, lengths }: TokenBatch): TokenBatch {
  return { tokens: tokens.slice(), lengths: lengths.slice() };
}

function imageOf(pixels: Pixels, at: { images: number; m: number }): Part {
  if (!(pixels instanceof Uint8Array)) return pixels[at.m]!;
  const size = pixels.length / at.images;
  return pixels.subarray(at.m * size, (at.m + 1) * size);
}
