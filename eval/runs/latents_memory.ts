/**
 * Keeps a run's latents between measurements that need the same ones.
 *
 * @module
 */
import type { PairTable, PreparedPixels } from "../../data/mod.ts";
import type { ViewLatents } from "../protocol/study_table.ts";

/** Whose latents they are. */
export type EncoderState = "trained" | "untrained";

/** What latents depend on, besides the run. */
export interface EncodedFrom {
  /** The images. */
  readonly pixels: PreparedPixels;
  /** The pairs of them. */
  readonly pairs: PairTable;
}

/**
 * The latents of one run that were encoded last, for its trained encoders and for untrained ones. Measurements that
 * differ in labels, fractions or probes only encode their images once.
 */
export class LatentsMemory {
  readonly #kept = new Map<EncoderState, EncodedFrom & { readonly latents: readonly ViewLatents[] }>();

  /** The latents of these pairs, encoded unless the last ones were of the same. */
  async of(
    state: EncoderState,
    { pixels, pairs }: EncodedFrom,
    encode: () => Promise<readonly ViewLatents[]>,
  ): Promise<readonly ViewLatents[]> {
    const kept = this.#kept.get(state);
    if (kept?.pixels === pixels && kept.pairs === pairs) return kept.latents;
    const latents = await encode();
    this.#kept.set(state, { pixels, pairs, latents });
    return latents;
  }
}
