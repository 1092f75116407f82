/**
 * The GPUs whose step times are modelled.
 *
 * @module
 */

/** A GPU as the model sees it. */
export interface Card {
  /** Streaming multiprocessors (NVIDIA) or compute units (AMD). */
  readonly multiprocessors: number;
  /** Lanes of a multiprocessor that multiply and add in a clock. */
  readonly multiplyAddLanes: number;
  /** Lanes of a multiprocessor that do two multiply-adds of float16 in a clock, without tensor cores. */
  readonly packedLanes: number;
  /** Lanes of a multiprocessor that execute any vector instruction in a clock. */
  readonly issueLanes: number;
  readonly gigahertz: number;
  /** Bytes a second that streaming kernels reach, below the data sheet's peak. */
  readonly bandwidth: number;
}

/** Figures of the data sheets at boost clock; bandwidth is what streaming benchmarks reach. */
export const CARDS = {
  h100: {
    multiprocessors: 132,
    multiplyAddLanes: 128,
    packedLanes: 128,
    issueLanes: 128,
    gigahertz: 1.98,
    bandwidth: 3.0e12,
  },
  a100: {
    multiprocessors: 108,
    multiplyAddLanes: 64,
    packedLanes: 128,
    issueLanes: 128,
    gigahertz: 1.41,
    bandwidth: 1.4e12,
  },
  rx7900xtx: {
    multiprocessors: 96,
    multiplyAddLanes: 128,
    packedLanes: 64,
    issueLanes: 128,
    gigahertz: 2.5,
    bandwidth: 0.85e12,
  },
  rtx4090: {
    multiprocessors: 128,
    multiplyAddLanes: 128,
    packedLanes: 64,
    issueLanes: 128,
    gigahertz: 2.52,
    bandwidth: 0.9e12,
  },
} as const satisfies Readonly<Record<string, Card>>;

export type CardName = keyof typeof CARDS;

/** Peak rate of float32 multiply-adds in FLOP/s. */
export function peakFlops(card: Card): number {
  return 2 * card.multiprocessors * card.multiplyAddLanes * card.gigahertz * 1e9;
}
