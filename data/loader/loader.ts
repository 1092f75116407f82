/**
 * The batch loader: reproducible order, resumable at any batch, prefetching in a Web Worker.
 *
 * @module
 */
import type { PreparedPixels } from "../cache/prepared_pixels.ts";
import { DataError } from "../../base/errors.ts";
import { labelValue } from "../index/labels.ts";
import type { PairTable } from "../index/pairs.ts";
import type { StudyIndex } from "../index/study_index.ts";
import type { Tokens, TokenTable } from "../text/token_table.ts";
import type { LoaderReply, LoaderRequest } from "./loader_messages.ts";
import { type LoaderPosition, type PartialBatch, stepsPerEpoch } from "./order.ts";

/** A batch of pairs with their pixels. Valid until the next batch is requested, which reuses its memory. */
export interface Batch {
  /** Position of the batch in the sequence. */
  epoch: number;
  /** Batch within the epoch, from 0. */
  step: number;
  /** Number of valid rows; further rows (with `partial: "pad"`) repeat the first one. */
  size: number;
  /** Number of rows in the arrays. */
  rows: number;
  /** Bytes, view-major: `pixels[((view * rows + row) * S + y) * S + x]`, 0 black to 255 white. */
  pixels: Uint8Array;
  /** View-major: `present[view * rows + row]` is 1, or 0 if the view is missing and its pixels are zero. */
  present: Float32Array;
  /** The text view, with `texts`; it is the last one in `present`. */
  texts?: readonly [Tokens];
  /** Pair table row of each batch row. */
  pairs: Uint32Array;
  /** Study of each batch row. */
  studies: Int32Array;
  /** `labels[row * L + label]` under the index's policies: 1, 0, or -1 if the label is ignored. */
  labels: Int8Array;
}

/** Options of {@linkcode createLoader}. */
export interface LoaderOptions {
  /** The data set. */
  index: StudyIndex;
  /** The pairs to load, usually those of one split. */
  pairs: PairTable;
  /** Number of rows in a batch. */
  batchSize: number;
  /** Default true. */
  shuffle?: boolean;
  /** Seed of the shuffle, default 0. */
  seed?: number;
  /** Default `drop`. */
  partial?: PartialBatch;
  /** The studies' texts: the last view of every batch. */
  texts?: TokenTable | undefined;
  /** Number of batches to prefetch, default 3. */
  ahead?: number;
  /** Load this part of every batch only, one of `of` equal ones; whole batches by default. */
  part?: { index: number; of: number };
}

/** Yields batches in an order determined only by seed and epoch, starting at any position. */
export interface Loader {
  /** Number of batches in an epoch. */
  readonly stepsPerEpoch: number;
  /** Number of views. */
  readonly views: number;
  /** Side of the square images in pixels. */
  readonly imageSize: number;
  /** Number of rows in a batch. */
  readonly batchSize: number;
  /**
   * Yields the batches from a position (default: the first batch) to the end of epoch `untilEpoch - 1` (default:
   * endless). A worker prefetches them; leaving the loop early stops the worker.
   */
  batches(options?: { from?: LoaderPosition; untilEpoch?: number }): AsyncGenerator<Batch, void, void>;
}

/**
 * Creates a loader over prepared pixels.
 *
 * @throws {RangeError} if the batch size is not a positive integer, or not a multiple of the number of parts.
 * @throws {DataError} if there are too few pairs for one batch.
 *
 * @example
 * ```ts
 * const loader = createLoader(pixels, { index, pairs: pairsOfSplit(index, pairs, "train"), batchSize: 32, seed: 1 });
 * for await (const batch of loader.batches({ untilEpoch: 10 })) program.run(batch.pixels);
 * ```
 */
export function createLoader(prepared: PreparedPixels, options: LoaderOptions): Loader {
  const { pairs, batchSize } = options;
  const partial = options.partial ?? "drop";
  const part = options.part ?? { index: 0, of: 1 };
  if (part.of > 1 && partial !== "drop") throw new RangeError("only whole batches can be divided into parts");
  if (batchSize % part.of !== 0) {
    throw new RangeError(`a batch of ${batchSize} cannot be divided into ${part.of} equal parts`);
  }
  return {
    stepsPerEpoch: stepsPerEpoch(pairs.count, { batchSize, partial }),
    views: pairs.views,
    imageSize: prepared.imageSize,
    batchSize,
    batches: ({ from = { epoch: 0, step: 0 }, untilEpoch = Infinity } = {}) => {
      const request: LoaderRequest = {
        kind: "start",
        directory: prepared.directory,
        manifest: prepared.manifest,
        next: prepared.next && { directory: prepared.next.directory, manifest: prepared.next.manifest },
        images: pairs.images,
        count: pairs.count,
        views: pairs.views,
        batchSize,
        partial,
        part,
        shuffle: options.shuffle ?? true,
        seed: options.seed ?? 0,
        from,
        untilEpoch,
      };
      const bytes = pairs.views * (batchSize / part.of) * prepared.bytesPerImage;
      return readAhead(request, {
        bytes,
        ahead: options.ahead ?? 3,
        finish: (reply) => altered(toBatch(reply, options), { prepared, pairs }),
      });
    },
  };
}

async function* readAhead(
  start: LoaderRequest,
  options: {
    bytes: number;
    ahead: number;
    finish: (reply: Extract<LoaderReply, { kind: "batch" }>) => Batch;
  },
): AsyncGenerator<Batch, void, void> {
  const worker = new Worker(new URL("./loader_worker.ts", import.meta.url), { type: "module" });
  const inbox = new Inbox(worker);
  try {
    worker.postMessage(start);
    const give = (pixels: ArrayBuffer) =>
      worker.postMessage({ kind: "buffer", pixels } satisfies LoaderRequest, [pixels]);
    for (let i = 0; i < options.ahead; i++) give(new ArrayBuffer(options.bytes));
    for (;;) {
      const reply = await inbox.next();
      if (reply.kind === "end") return;
      if (reply.kind === "failed") throw failureOf(reply);
      yield options.finish(reply);
      give(reply.pixels);
    }
  } finally {
    worker.terminate();
  }
}

/** The worker's exception: a system error keeps its code and path, so that it is reported as one. */
function failureOf({ message, expected, code, path }: Extract<LoaderReply, { kind: "failed" }>): Error {
  if (expected) return new DataError(message);
  return Object.assign(new Error(message), code === undefined ? {} : { code }, path === undefined ? {} : { path });
}

/** Queues the worker's replies and hands them out in order as promises. */
class Inbox {
  readonly #replies: LoaderReply[] = [];
  #wake: (() => void) | undefined;

  constructor(worker: Worker) {
    const add = (reply: LoaderReply) => {
      this.#replies.push(reply);
      this.#wake?.();
    };
    worker.onmessage = (event: MessageEvent<LoaderReply>) => add(event.data);
    worker.onerror = (event) => {
      event.preventDefault();
      add({ kind: "failed", message: `The loader worker failed: ${event.message}`, expected: false });
    };
  }

  async next(): Promise<LoaderReply> {
    while (this.#replies.length === 0) await new Promise<void>((resolve) => this.#wake = resolve);
    return this.#replies.shift()!;
  }
}

function toBatch(reply: Extract<LoaderReply, { kind: "batch" }>, { index, pairs, texts }: LoaderOptions): Batch {
  const { rows } = reply;
  const studies = Int32Array.from(rows, (pair) => pairs.study[pair]!);
  return {
    epoch: reply.epoch,
    step: reply.step,
    size: reply.size,
    rows: rows.length,
    pixels: new Uint8Array(reply.pixels, 0, reply.bytes),
    ...(texts ? withTexts(reply.present, texts.rows(studies)) : { present: reply.present }),
    pairs: rows,
    studies,
    labels: labelsOfStudies(index, studies),
  };
}

/** Applies the pixels' alteration, which the worker cannot know, to the images of a batch. */
function altered(batch: Batch, { prepared, pairs }: { prepared: PreparedPixels; pairs: PairTable }): Batch {
  const { alteration, bytesPerImage: bytes } = prepared;
  if (alteration === undefined) return batch;
  for (let view = 0; view < pairs.views; view++) {
    for (let row = 0; row < batch.rows; row++) {
      const image = pairs.images[batch.pairs[row]! * pairs.views + view]!;
      const start = (view * batch.rows + row) * bytes;
      if (image >= 0) alteration(image, batch.pixels.subarray(start, start + bytes));
    }
  }
  return batch;
}

/** Adds texts as the last view. */
function withTexts(images: Float32Array, tokens: Tokens): Pick<Batch, "present" | "texts"> {
  const present = new Float32Array(images.length + tokens.lengths.length);
  present.set(images);
  tokens.lengths.forEach((length, row) => present[images.length + row] = length > 0 ? 1 : 0);
  return { present, texts: [tokens] };
}

/** Labels of studies under the index's policies, study-major: 1, 0, or -1 if the label is ignored. */
export function labelsOfStudies(index: StudyIndex, studies: ArrayLike<number>): Int8Array {
  const count = index.labels.length;
  const labels = new Int8Array(studies.length * count);
  for (let i = 0; i < studies.length; i++) {
    for (let label = 0; label < count; label++) {
      labels[i * count + label] = labelValue(index.labelState(studies[i]!, label), index.policies) ?? -1;
    }
  }
  return labels;
}
