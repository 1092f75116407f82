/**
 * Fills the place of missing views in a training batch.
 *
 * Missing images do not contribute to the objective, but batch norm would still include them: zeros in their place
 * would bias the batch statistics and the running statistics. Each missing image is therefore replaced by a present one
 * of the same view and batch, cycling through them, so that the statistics are those of real images, some counted more
 * than once. If a whole batch lacks a view, its images are zeros, and the running statistics of that view's networks
 * are restored after the step.
 *
 * @module
 */
import type { Pixels } from "./image_inputs.ts";

/** A batch that may lack views. */
export interface PartialBatch {
  readonly pixels: Pixels;
  /** 1 where a view is there, view-major [M, N]; all views are if omitted. */
  readonly present?: Float32Array;
}

/** A batch without gaps. */
export interface FilledBatch {
  readonly pixels: Pixels;
  /** Views that no sample of the batch has. */
  readonly absent: readonly number[];
}

/**
 * Fills the gaps of a batch without modifying it.
 *
 * @param options.views Number of views M.
 */
export function fillAbsent({ pixels, present }: PartialBatch, options: { views: number }): FilledBatch {
  if (!present) return { pixels, absent: [] };
  const { views } = options;
  const samples = present.length / views;
  const absent: number[] = [];
  let filled: Uint8Array | Float32Array[] | undefined;
  for (let m = 0; m < views; m++) {
    const here: number[] = [];
    const missing: number[] = [];
    for (let n = 0; n < samples; n++) (present[m * samples + n]! > 0.5 ? here : missing).push(n);
    if (missing.length === 0) continue;
    filled ??= pixels instanceof Uint8Array ? pixels.slice() : pixels.map((image) => image.slice());
    const images = filled instanceof Uint8Array ? partOf(filled, { views, m }) : filled[m]!;
    if (here.length === 0) {
      absent.push(m);
      images.fill(0);
      continue;
    }
    const size = images.length / samples;
    missing.forEach((n, i) => {
      const from = here[i % here.length]! * size;
      images.copyWithin(n * size, from, from + size);
    });
  }
  return { pixels: filled ?? pixels, absent };
}

function partOf(pixels: Uint8Array, at: { views: number; m: number }): Uint8Array {
  const size = pixels.length / at.views;
  return pixels.subarray(at.m * size, (at.m + 1) * size);
}
