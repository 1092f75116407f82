/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
import { ImageDecoder } from "../image/decode_image.ts";
import { ImageError } from "../image/image_header.ts";
import { preprocess } from "../image/preprocess.ts";
import type { DecodeReply, DecodeRequest } from "./decode_messages.ts";
import { LocationReader } from "./read_location.ts";

/**
 * Decodes and preprocesses images, one at a time in the order in which they are posted. A bad image is an answer, not an error.
 */
const worker = self as unknown as DedicatedWorkerGlobalScope;
let start: Extract<DecodeRequest, { kind: "start" }> | undefined;
let decoder: ImageDecoder | undefined;
const reader = new LocationReader();
let queue: Promise<void> = Promise.resolve();

worker.onmessage = (event: MessageEvent<DecodeRequest>) => {
  const request = event.data;
  if (request.kind === "start") {
    start = request;
    decoder = new ImageDecoder({ maxPixels: request.maxPixels });
    return;
  }
  queue = queue.then(() => answer(request));
};

async function answer(request: Extract<DecodeRequest, { kind: "image" }>): Promise<void> {
  const { image, name, location } = request;
  try {
    const bytes = await reader.read(location);
    const decoded = await decoder!.decode(bytes, name);
    const { size, preprocessing } = start!;
    const pixels = preprocess(decoded, { size, preprocessing }) as Uint8Array<ArrayBuffer>;
    worker.postMessage({ kind: "pixels", image, pixels } satisfies DecodeReply, [pixels.buffer]);
  } catch (error) {
    const reply: DecodeReply = error instanceof ImageError
      ? { kind: "bad", image, reason: error.message }
      : { kind: "failed", message: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
    worker.postMessage(reply);
  }
}
