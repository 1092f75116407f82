/**
 * Worker that posts the name of the WebGPU adapter, or null, once.
 *
 * @module
 */
const scope = globalThis as unknown as { postMessage(message: string | null): void };
const adapter = await navigator.gpu?.requestAdapter();
scope.postMessage(adapter ? adapter.info.description || adapter.info.vendor || "unnamed" : null);
