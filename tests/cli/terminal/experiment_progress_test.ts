import assert from "node:assert/strict";
import { experimentProgress } from "../../../cli/terminal/experiment_progress.ts";
import { baseOf, type RunJob } from "../../../experiments/mod.ts";
import { vaeRun } from "../../../experiments/definitions/scales.ts";

Deno.test("experimentProgress() shows one bar for all runs, counts finished ones and names running ones", () => {
  const base = baseOf("mnist-pairs", { scale: "smoke" });
  const jobs = ["mmvm", "poe"].map((method): RunJob => ({ plan: vaeRun(base, method, { seed: 2 }), evaluations: [] }));
  const lines: string[] = [];
  const stream = { write: (text: string) => lines.push(text) > 0 };
  {
    using progress = experimentProgress(jobs, { total: 3, stream, lineInterval: 0, now: () => 0 });
    progress.update(0, { done: 0.5, what: "step 3/6" });
    progress.update(1, { done: 0.25, what: "encoding" });
    progress.update(0, { done: 1, what: "done" });
    progress.log("a checkpoint was\x1b[2J damaged");
  }
  assert.deepEqual(lines.map((line) => line.trim().split("  ")), [
    ["runs 1.5/3", "mmvm 2: step 3/6", "0:00 left"],
    ["runs 1.75/3", "mmvm 2: step 3/6", "poe 2: encoding", "0:00 left"],
    ["runs 2.25/3", "poe 2: encoding", "0:00 left"],
    ["warning: a checkpoint was\\x1b[2J damaged"],
  ]);
});
