/**
 * A worker whose file operations can fail: it takes an injection from its first message and then becomes the worker
 * that was wanted.
 *
 * @module
 */
import { interceptFileCalls } from "./file_calls.ts";
import { type FaultyStart, interventionFor } from "./file_intervention.ts";

const scope = globalThis as unknown as { onmessage: ((event: MessageEvent) => void) | null };
const waiting: MessageEvent[] = [];
let started = false;

scope.onmessage = async (event: MessageEvent) => {
  if (started) {
    waiting.push(event);
    return;
  }
  started = true;
  const { module, injection, port } = event.data as FaultyStart;
  interceptFileCalls((call) => interventionFor(call, injection, (what) => port.postMessage(what)));
  // The module's own handler takes the place of this one.
  await import(module);
  for (const each of waiting) scope.onmessage!(each);
};
