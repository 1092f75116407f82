import assert from "node:assert/strict";
import { join } from "node:path";
import { SeededRandom } from "../../data/random.ts";
import { Subject } from "./subject.ts";

/** Moments at which a run is killed. */
const KILLS = 30;

let subject: Subject;
/** Milliseconds that a run takes. */
let duration = 0;
Deno.test.beforeAll(async () => {
  subject = await Subject.create();
  const started = performance.now();
  await subject.finish("timed");
  duration = performance.now() - started;
});
Deno.test.afterAll(() => subject[Symbol.asyncDispose]());

Deno.test(`a run killed at ${KILLS} random moments ends bit for bit as one that was not`, async () => {
  const random = new SeededRandom("kills");
  let killed = 0;
  for (let lineage = 0; killed < KILLS; lineage++) {
    const run = `killed-${lineage}`;
    for (let reached = 0; killed < KILLS;) {
      const process = subject.start(run, { flags: ["--checkpoint-steps", "3"] });
      const timer = setTimeout(() => process.kill("SIGKILL"), random.uniform() * duration);
      const { signal, code, stderr } = await process.ended;
      clearTimeout(timer);
      if (signal !== "SIGKILL") {
        assert.equal(code, 0, stderr);
        break;
      }
      killed++;
      reached = await subject.assertNothingLost(run, { since: reached });
    }
    await subject.finish(run);
  }
  assert.equal(killed, KILLS);
});

/** Accesses to files at which a process is stopped dead and killed, in the order in which one run comes upon them. */
const MOMENTS = [
  { what: "while the draft of its configuration is written", call: "write", path: "draft\\.json", when: "half" },
  { what: "before its configuration is there", call: "rename", path: "config\\.json$", when: "before" },
  { what: "once its configuration is there", call: "rename", path: "config\\.json$", when: "after" },
  { what: "while its first metrics are written", call: "append", path: "metrics", when: "half" },
  { what: "when its first checkpoint is begun", call: "open", path: "step-.*tmp$", when: "after" },
  { what: "half way through its first checkpoint", call: "write", path: "step-.*tmp$", nth: 9, when: "half" },
  { what: "half way through its second checkpoint", call: "write", path: "step-0*6.*tmp$", when: "half" },
  { what: "when a checkpoint is written but not synced", call: "sync", path: "step-.*tmp$", when: "before" },
  { what: "before a checkpoint is renamed", call: "rename", path: "step-", when: "before" },
  { what: "after a checkpoint is renamed", call: "rename", path: "step-", when: "after" },
  { what: "before an old checkpoint is removed", call: "remove", path: "step-", when: "before" },
  { what: "after an old checkpoint is removed", call: "remove", path: "step-", when: "after" },
  { what: "while its metrics are put back", call: "write", path: "metrics", when: "half" },
  { what: "before its metrics are put back", call: "rename", path: "metrics", when: "before" },
  { what: "after its metrics are put back", call: "rename", path: "metrics", when: "after" },
  { what: "while its results are written", call: "write", path: "results\\.json", when: "half" },
  { what: "before its results are renamed", call: "rename", path: "results\\.json$", when: "before" },
  { what: "before its report is renamed", call: "rename", path: "report\\.html$", when: "before" },
] as const;

Deno.test(`a run killed at ${MOMENTS.length} accesses to its files ends bit for bit as one that was not`, async () => {
  let reached = 0;
  for (const { what, ...access } of MOMENTS) {
    const fault = { module: "./freeze.ts", parameters: access };
    const process = subject.start("frozen", { fault, flags: ["--checkpoint-steps", "3"] });
    await process.until("FROZEN");
    process.kill("SIGKILL");
    assert.equal((await process.ended).signal, "SIGKILL");
    const step = await subject.assertNothingLost("frozen", { since: reached });
    if (/after a checkpoint/.test(what)) assert.ok(step > reached, what);
    reached = step;
  }
  await subject.finish("frozen");
});

Deno.test("a run killed while its images are prepared goes on by --resume alone", async () => {
  await Deno.remove(join(subject.folder, "cache"), { recursive: true });
  const process = subject.start("preparing");
  await process.until("preparing images");
  process.kill("SIGKILL");
  await process.ended;
  assert.deepEqual(subject.begun("preparing"), { draft: true, config: false });
  await subject.finish("preparing");
});
