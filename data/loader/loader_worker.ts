/**
 * The Web Worker that reads batches ahead of the training loop.
 *
 * @module
 */
/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
import { PreparedPixels } from "../cache/prepared_pixels.ts";
import { DataError, isSystemError } from "../../base/errors.ts";
import { fillBatch } from "./fill_batch.ts";
import type { LoaderReply, LoaderRequest } from "./loader_messages.ts";
import { epochOrder, stepsPerEpoch } from "./order.ts";

/** Fills one batch per buffer received, ahead of the training loop. */
const worker = self as unknown as DedicatedWorkerGlobalScope;
type Start = Extract<LoaderRequest, { kind: "start" }>;

let prepared: PreparedPixels;
let start: Start;
let epoch = 0;
let step = 0;
let order: Uint32Array | undefined;

worker.onmessage = (event: MessageEvent<LoaderRequest>) => {
  try {
    if (event.data.kind === "start") begin(event.data);
    else answer(event.data.pixels);
  } catch (error) {
    const reply: LoaderReply = {
      kind: "failed",
      message: error instanceof Error ? error.message : String(error),
      expected: error instanceof DataError,
      ...(isSystemError(error) ? { code: error.code, path: (error as { path?: string }).path } : {}),
    };
    worker.postMessage(reply);
  }
};

function begin(request: Start): void {
  start = request;
  ({ epoch, step } = request.from);
  const first = PreparedPixels.withShards(request.directory, request.manifest);
  const { next } = request;
  prepared = next === undefined ? first : first.followedBy(PreparedPixels.withShards(next.directory, next.manifest));
}

function answer(buffer: ArrayBuffer): void {
  const { images, count, views, batchSize, partial, part } = start;
  const steps = stepsPerEpoch(count, { batchSize, partial });
  if (step >= steps) {
    step = 0;
    epoch++;
    order = undefined;
  }
  if (epoch >= start.untilEpoch) {
    worker.postMessage({ kind: "end" } satisfies LoaderReply);
    return;
  }
  order ??= epochOrder(count, { seed: start.seed, epoch, shuffle: start.shuffle });
  const size = batchSize / part.of;
  const first = step * batchSize + part.index * size;
  const taken = order.slice(first, Math.min(first + size, (step + 1) * batchSize));
  const rows = partial === "pad" ? padded(taken, size) : taken;
  const present = new Float32Array(rows.length * views);
  const pixels = new Uint8Array(buffer, 0, views * rows.length * prepared.bytesPerImage);
  fillBatch(prepared, { images, views, rows, into: { pixels, present } });
  const bytes = pixels.byteLength;
  const reply: LoaderReply = { kind: "batch", epoch, step, rows, size: taken.length, pixels: buffer, bytes, present };
  worker.postMessage(reply, [buffer]);
  step++;
}

function padded(rows: Uint32Array, length: number): Uint32Array {
  if (rows.length === length) return rows;
  const all = new Uint32Array(length).fill(rows[0]!);
  all.set(rows);
  return all;
}
