/**
 * Messages between the batch loader and its worker.
 *
 * @module
 */
import type { CacheManifest } from "../cache/manifest.ts";
import type { LoaderPosition, PartialBatch } from "./order.ts";

/** Requests to the loader worker: first what to read and where to start, then empty buffers to fill, one per batch. */
export type LoaderRequest =
  | {
    kind: "start";
    directory: string;
    /** The expected manifest of the cache; the file on disk is not consulted. */
    manifest: CacheManifest;
    /** The cache of further images, numbered after the first's. */
    next?: { directory: string; manifest: CacheManifest } | undefined;
    images: Int32Array;
    /** Rows of the pair table. */
    count: number;
    views: number;
    batchSize: number;
    partial: PartialBatch;
    /** The part of each batch to load. */
    part: { index: number; of: number };
    shuffle: boolean;
    seed: number;
    from: LoaderPosition;
    /** The epoch at which to stop (exclusive). */
    untilEpoch: number;
  }
  | { kind: "buffer"; pixels: ArrayBuffer };

/** Replies of the loader worker: batches in order, then the end, or an error. */
export type LoaderReply =
  | {
    kind: "batch";
    epoch: number;
    step: number;
    /** Rows of the pair table; the first `size` are valid, the rest is padding. */
    rows: Uint32Array;
    size: number;
    /** The batch occupies the first `bytes` bytes. */
    pixels: ArrayBuffer;
    bytes: number;
    present: Float32Array;
  }
  | { kind: "end" }
  | {
    kind: "failed";
    message: string;
    /** Whether the message is for the user. */
    expected: boolean;
    /** Code and path of a system error: the disk failed, not the program. */
    code?: string | undefined;
    path?: string | undefined;
  };
