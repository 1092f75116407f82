import assert from "node:assert/strict";
import { runJobs } from "../../base/workers.ts";
import { prepareSquare } from "./square_jobs.ts";

const module = new URL("./square_worker.ts", import.meta.url);
const jobs = Array.from({ length: 40 }, (_, i) => i);

Deno.test("runJobs() returns results in the order of the jobs, from workers and from this thread", async () => {
  const want = jobs.map((job) => (job + 3) ** 2);
  for (const workers of [1, 3]) {
    const done: number[] = [];
    const onDone = (count: number, total: number) => done.push(count / total);
    assert.deepEqual(await runJobs(jobs, { module, prepare: prepareSquare, setup: 3, workers, onDone }), want);
    assert.deepEqual(done, jobs.map((job) => (job + 1) / 40));
  }
  assert.deepEqual(await runJobs([], { module, prepare: prepareSquare, setup: 3 }), []);
});

Deno.test("runJobs() rejects with the error of a job or of the set-up, and stops the workers", async () => {
  for (const workers of [1, 2]) {
    const options = { module, prepare: prepareSquare, workers };
    await assert.rejects(runJobs([1, -1, ...jobs], { ...options, setup: 0 }), /job -1 cannot be done/);
    await assert.rejects(runJobs(jobs, { ...options, setup: -1 }), /the set-up is negative/);
  }
});
