/** The watchdog of `deno task fuzz`. */
import assert from "node:assert/strict";
import { type FailedCase, watchCases } from "./watch_cases.ts";

Deno.test("a case that never ends is a failure with its input saved, and the other cases go on", async () => {
  const keep = await Deno.makeTempDir({ prefix: "mmvm_fuzz_" });
  try {
    const failures: FailedCase[] = [];
    const counts = await watchCases({
      worker: new URL("./hanging_worker.ts", import.meta.url),
      seconds: 60,
      caseSeconds: 4,
      seed: 5,
      first: 0,
      last: 1,
      keep,
      onFailure: (failed) => failures.push(failed),
    });
    assert.deepEqual(failures.map(({ kind, reader, number }) => [kind, reader, number]), [["hang", "hangs", 1]]);
    assert.match(failures[0]!.file, /hangs-5-1\.input$/);
    assert.ok((await Deno.stat(failures[0]!.file)).isFile);
    const { longest: _, ...sound } = counts.get("sound")!;
    assert.deepEqual(sound, { read: 2, refused: 0, bug: 0, hang: 0, died: 0 });
    const { longest: __, ...hangs } = counts.get("hangs")!;
    assert.deepEqual(hangs, { read: 1, refused: 0, bug: 0, hang: 1, died: 0 });
  } finally {
    await Deno.remove(keep, { recursive: true });
  }
});
