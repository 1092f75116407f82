import assert from "node:assert/strict";
import { join } from "node:path";
import { SeededRandom } from "../../base/random.ts";
import { STEPS, Subject } from "./subject.ts";

/** Number of kills. */
const KILLS = 30;

/** Maximum number of times that one run is killed. */
const KILLS_A_RUN = 6;

/** Approximate number of GPU submissions other than one per step, so that the evaluation is killed too. */
const OTHER_SUBMISSIONS = 6;

/** Longest delay of a kill after the submission, in milliseconds: about the duration of a step. */
const DELAY = 30;

let subject: Subject;
let lanes: readonly Subject[];
Deno.test.beforeAll(async () => {
  subject = await Subject.create();
  lanes = [subject, await subject.beside("lane")];
});
Deno.test.afterAll(() => subject[Symbol.asyncDispose]());

/** Runs a job in both lanes in parallel, because each process spends half of its time waiting. */
async function atOnce(job: (lane: Subject, index: number) => Promise<unknown>): Promise<void> {
  const ends = await Promise.allSettled(lanes.map(job));
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}

Deno.test(`a run killed at ${KILLS} random moments ends bit for bit like an uninterrupted one`, async () => {
  const kind = "killed at a random moment";
  const random = new SeededRandom("kills");
  let left = KILLS;
  const killAndFinish = async (lane: Subject, run: string) => {
    for (let kills = 0, reached = 0; kills < KILLS_A_RUN && left > 0;) {
      left--;
      const at = 1 + Math.floor(random.uniform() * (STEPS - reached + OTHER_SUBMISSIONS));
      const fault = { module: "./count_submits.ts", parameters: { at } };
      const process = lane.start(run, { fault, flags: ["--checkpoint-steps", "3"] });
      // A run with fewer submissions ends without printing SUBMITTED.
      await Promise.race([process.until("SUBMITTED").catch(() => {}), process.ended]);
      await new Promise((resolve) => setTimeout(resolve, random.uniform() * DELAY));
      process.kill("SIGKILL");
      const { signal, code, stderr } = await process.ended;
      if (signal !== "SIGKILL") {
        left++;
        assert.equal(code, 0, stderr);
        return await lane.assertWhole(run);
      }
      kills++;
      lane.faults.tried(kind);
      reached = await lane.assertNothingLost(run, { since: reached });
      lane.faults.survived(kind);
    }
    await lane.finish(run);
  };
  await atOnce(async (lane) => {
    for (let i = 0; left > 0; i++) await killAndFinish(lane, `killed-${i}`);
  });
  assert.equal(left, 0);
});

/** File operations at which a process is frozen and killed, in the order in which a run reaches them. */
const MOMENTS = [
  { what: "while the draft of the configuration is written", call: "write", path: "draft\\.json", when: "half" },
  { what: "before the configuration exists", call: "rename", path: "config\\.json$", when: "before" },
  { what: "after the configuration exists", call: "rename", path: "config\\.json$", when: "after" },
  { what: "while the first metrics are written", call: "write", path: "metrics\\.jsonl$", when: "half" },
  { what: "when the first checkpoint is created", call: "open", path: "step-.*tmp$", when: "after" },
  { what: "halfway through the first checkpoint", call: "write", path: "step-.*tmp$", nth: 9, when: "half" },
  { what: "halfway through the second checkpoint", call: "write", path: "step-0*6.*tmp$", when: "half" },
  { what: "when a checkpoint is written but not synced", call: "sync", path: "step-.*tmp$", when: "before" },
  { what: "before a checkpoint is renamed", call: "rename", path: "step-", when: "before" },
  { what: "after a checkpoint is renamed", call: "rename", path: "step-", when: "after" },
  { what: "before an old checkpoint is removed", call: "remove", path: "step-", when: "before" },
  { what: "after an old checkpoint is removed", call: "remove", path: "step-", when: "after" },
  { what: "while the metrics are rewritten on resuming", call: "write", path: "metrics", when: "half" },
  { what: "before the rewritten metrics are renamed", call: "rename", path: "metrics", when: "before" },
  { what: "after the rewritten metrics are renamed", call: "rename", path: "metrics", when: "after" },
  { what: "while the results are written", call: "write", path: "results\\.json", when: "half" },
  { what: "before the results are renamed", call: "rename", path: "results\\.json$", when: "before" },
  { what: "before the report is renamed", call: "rename", path: "report\\.html$", when: "before" },
] as const;

Deno.test(`a run killed at ${MOMENTS.length} file operations ends bit for bit like an uninterrupted one`, async () => {
  const kind = "killed at a file operation";
  await atOnce(async (lane, index) => {
    const run = "frozen";
    let reached = 0;
    for (const { what, ...access } of MOMENTS.filter((_, i) => i % lanes.length === index)) {
      const fault = { module: "./freeze.ts", parameters: access };
      const process = lane.start(run, { fault, flags: ["--checkpoint-steps", "3"] });
      await process.until("FROZEN");
      process.kill("SIGKILL");
      assert.equal((await process.ended).signal, "SIGKILL");
      lane.faults.tried(kind);
      const step = await lane.assertNothingLost(run, { since: reached });
      if (/after a checkpoint/.test(what)) assert.ok(step > reached, what);
      reached = step;
      lane.faults.survived(kind);
    }
    await lane.finish(run);
  });
});

Deno.test("a run killed while its images are prepared resumes with --resume alone", async () => {
  await Deno.remove(join(subject.folder, "cache"), { recursive: true });
  const process = subject.start("preparing");
  await process.until("preparing images");
  process.kill("SIGKILL");
  await process.ended;
  subject.faults.tried("killed while images are prepared");
  assert.deepEqual(subject.begun("preparing"), { draft: true, config: false });
  await subject.finish("preparing");
  subject.faults.survived("killed while images are prepared");
});

Deno.test("every injected fault was survived", (test) => subject.faults.report(test));
