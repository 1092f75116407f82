import type { CacheManifest } from "../cache/manifest.ts";
import type { LoaderPosition, PartialBatch } from "./order.ts";

/** What the loader worker is told: what to read from where on, and then empty buffers to fill, a batch each. */
export type LoaderRequest =
  | {
    kind: "start";
    directory: string;
    /** The cache's manifest as it must be; the file beside the pixels is not asked. */
    manifest: CacheManifest;
    images: Int32Array;
    views: number;
    batchSize: number;
    partial: PartialBatch;
    shuffle: boolean;
    seed: number;
    from: LoaderPosition;
    /** Epochs end before this one. */
    untilEpoch: number;
  }
  | { kind: "buffer"; pixels: ArrayBuffer };

/** What it answers: batches in order, then the end; or what went wrong. */
export type LoaderReply =
  | {
    kind: "batch";
    epoch: number;
    step: number;
    /** Rows of the pair table; the first `size` count, the others pad. */
    rows: Uint32Array;
    size: number;
    /** The first `bytes` bytes are the batch. */
    pixels: ArrayBuffer;
    bytes: number;
    present: Float32Array;
  }
  | { kind: "end" }
  | { kind: "failed"; message: string; expected: boolean };
