import assert from "node:assert/strict";
import { tolerateLostOutput } from "../../../cli/terminal/lost_output.ts";

/** A print function that fails with an error code. */
function failing(code: string | undefined) {
  const fail = () => {
    throw Object.assign(new Error(`failed (${code})`), code === undefined ? {} : { code });
  };
  const listeners: string[] = [];
  const console = { log: fail, info: fail, debug: fail, warn: fail, error: fail };
  const stderr = { write: fail as () => boolean, on: (event: string) => void listeners.push(event) };
  tolerateLostOutput({ console, stderr } as unknown as Parameters<typeof tolerateLostOutput>[0]);
  return { console, stderr, listeners };
}

Deno.test("tolerateLostOutput() ignores failed writes to standard error, whatever the system error", () => {
  for (const code of ["EPIPE", "EIO", "ENOSPC", "EBADF"]) {
    const { console, stderr, listeners } = failing(code);
    console.error();
    console.warn();
    assert.equal(stderr.write(), true);
    assert.deepEqual(listeners, ["error"]);
  }
});

Deno.test("tolerateLostOutput() drops results only if the reader is gone", () => {
  for (const code of ["EPIPE", "EIO"]) failing(code).console.log();
  assert.throws(() => failing("ENOSPC").console.log(), { code: "ENOSPC", path: "standard output" });
});

Deno.test("tolerateLostOutput() rethrows errors that are not the system's", () => {
  for (const name of ["log", "error"] as const) {
    assert.throws(() => failing(undefined).console[name](), /^Error: failed/);
  }
});
