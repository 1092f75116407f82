import assert from "node:assert/strict";
import { join } from "node:path";
import { FaultLog, type LoggedCase } from "./fault_log.ts";

const CASE = { fault: "EIO", site: "rename runs/*/config.json training/run/a.ts:1", occurrence: 2 } as const;
const LINE: LoggedCase = { task: "train", tried: 1, of: 9, hit: 1, failed: 1, ...CASE };

Deno.test("a sweep's log is continued: what passed is known, what lost something is tried again", async () => {
  const folder = await Deno.makeTempDir({ prefix: "mmvm_fault_log_" });
  try {
    const path = join(folder, "faults.jsonl");
    const first = new FaultLog(path);
    assert.equal(first.hasPassed("train", CASE), false);
    await first.add(LINE);
    await first.add({ ...LINE, tried: 2, occurrence: 3, problem: "other metrics" });
    const next = new FaultLog(path);
    assert.equal(next.hasPassed("train", CASE), true);
    assert.equal(next.hasPassed("train", { ...CASE, occurrence: 3 }), false);
    assert.equal(next.hasPassed("train", { ...CASE, fault: "EINTR" }), false);
    assert.equal(next.hasPassed("resume", CASE), false);
    await next.add({ ...LINE, task: "resume" });
    assert.equal(new FaultLog(path).hasPassed("resume", CASE), true);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
