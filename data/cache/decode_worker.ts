/**
 * The Web Worker of the decode pool.
 *
 * @module
 */
/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
import { countLevels } from "../image/decoded_image.ts";
import { ImageDecoder, ImageMemoryError, isMisnamed } from "../image/decode_image.ts";
import { parseWindow } from "../image/dicom/voi_window.ts";
import { ImageError } from "../image/image_error.ts";
import { preprocess } from "../image/preprocess.ts";
import type { DecodeReply, DecodeRequest } from "./decode_messages.ts";
import { IMAGE_NOTES, notesOfLevels } from "./image_notes.ts";
import { LocationReader, ReadError } from "./read_location.ts";

/**
 * Decodes and preprocesses images, one at a time in the order posted. A bad image is reported as a reply, not as an
 * error.
 */
const worker = self as unknown as DedicatedWorkerGlobalScope;
let start: Extract<DecodeRequest, { kind: "start" }> | undefined;
let decoder: ImageDecoder | undefined;
const reader = new LocationReader();
let queue: Promise<void> = Promise.resolve();

worker.onmessage = (event: MessageEvent<DecodeRequest>) => {
  const request = event.data;
  if (request.kind === "image") {
    queue = queue.then(() => answer(request));
    return;
  }
  start = request;
  const { maxPixels, maxBytes, window, decode, size } = request;
  decoder = new ImageDecoder({
    maxPixels,
    maxBytes,
    window: parseWindow(window)!,
    ...(decode === "fast" ? { reduceTo: size } : {}),
  });
};

async function answer({ image, name, location }: Extract<DecodeRequest, { kind: "image" }>): Promise<void> {
  try {
    const bytes = await reader.read(location);
    const decoded = await decoder!.decode(bytes);
    const notes = notesOfLevels(countLevels(decoded.samples)) | (isMisnamed(name, bytes) ? IMAGE_NOTES.misnamed : 0);
    const { size, preprocessing } = start!;
    const pixels = preprocess(decoded, { size, preprocessing }) as Uint8Array<ArrayBuffer>;
    worker.postMessage({ kind: "pixels", image, pixels, notes } satisfies DecodeReply, [pixels.buffer]);
  } catch (error) {
    worker.postMessage(describeError(image, error));
  }
}

function describeError(image: number, error: unknown): DecodeReply {
  if (error instanceof ImageError) return { kind: "bad", image, reason: error.message };
  if (error instanceof ImageMemoryError) return { kind: "large", image, bytes: error.bytes };
  if (error instanceof ReadError) return { kind: "unread", image, reason: error.message, isGone: error.isGone };
  return { kind: "failed", message: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
}
