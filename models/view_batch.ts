/**
 * Batches of views as the host holds them: images as pixels, texts as tokens.
 *
 * @module
 */

/**
 * Bytes, view-major [M, N, S, S], 0 black to 255 white; or, for a model with `floatImages`, one array per view, [N, S,
 * S] in [0, 1].
 */
export type Pixels = Uint8Array | readonly Float32Array[];

/** One text view of a batch. */
export interface TokenBatch {
  /** Token numbers, sample-major [N, L]: 0 padding, 1 end of text, from 2 on words. */
  readonly tokens: Uint16Array | Uint32Array;
  /** Number of tokens of each text, its end included, [N]; 0 for a missing one. */
  readonly lengths: Uint16Array | Uint32Array;
}

/** The views of a batch by kind, each kind in the order of the model's views. */
export interface ViewBatch {
  /** The image views; empty if there is none. */
  readonly pixels: Pixels;
  /** The text views; none if left out. */
  readonly texts?: readonly TokenBatch[];
}

/** A batch; pixels alone stand for one whose views are all images. */
export type BatchViews = Pixels | ViewBatch;

/** The batch in its full form. */
export function viewBatch(views: BatchViews): ViewBatch {
  return views instanceof Uint8Array || Array.isArray(views) ? { pixels: views as Pixels } : views as ViewBatch;
}
