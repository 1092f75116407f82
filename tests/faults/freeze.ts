/**
 * Preload module (see {@linkcode Fault}): freezes the process at a chosen file operation, prints `FROZEN` on standard
 * error, and waits to be killed.
 *
 * Parameters: `call` (kind of operation), `path` (a pattern), `nth` (which of the matching calls, from 1), `when`
 * (`before` the call, after `half` of the data has been written, or `after` the call).
 *
 * @module
 */
import { interceptFileCalls } from "./file_calls.ts";

const { call = "", path = "", nth = "1", when = "before" } = Object.fromEntries(new URL(import.meta.url).searchParams);
const pattern = new RegExp(path);
let left = Number(nth);

interceptFileCalls((found) => {
  if (found.kind !== call || !pattern.test(found.path) || --left !== 0) return;
  if (when === "before") freeze();
  return { after: freeze, ...(when === "half" ? { share: 0.5 } : {}) };
});

function freeze(): void {
  console.error("FROZEN");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}
