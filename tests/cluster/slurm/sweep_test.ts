import assert from "node:assert/strict";
import { join } from "node:path";
import { parseQueue, stateOfTask } from "../../../cluster/slurm/queue.ts";
import { indexRanges, submitCommands, submitSweep } from "../../../cluster/slurm/submit.ts";
import { freezeSweep, readSweep, sweepPath } from "../../../cluster/slurm/sweep_file.ts";
import { runProcess, taskCommand } from "../../process.ts";

const TASKS = [{ plan: "a-1", results: ["x/a"] }, { plan: "b-1", results: ["x/b", "x/c"] }];

Deno.test("freezeSweep() keeps a sweep as it is, and refuses another one", async () => {
  const folder = await Deno.makeTempDir({ prefix: "mmvm-sweep-" });
  try {
    const slurm = join(folder, "deep", "slurm");
    assert.equal(await readSweep(slurm), undefined);
    const made = await freezeSweep(slurm, { name: "s", tasks: TASKS });
    assert.deepEqual(await freezeSweep(slurm, { name: "s", tasks: TASKS }), made);
    await assert.rejects(
      freezeSweep(slurm, { name: "s", tasks: TASKS.toReversed() }),
      /sweep\.json: this lists other tasks than the command has now \(from index 0 on\)/,
    );
    await assert.rejects(freezeSweep(slurm, { name: "s", tasks: TASKS.slice(0, 1) }), /from index 1 on/);
    await assert.rejects(freezeSweep(slurm, { name: "t", tasks: TASKS }), /it is that of s/);
    for (
      const damaged of ["", "{", "[]", JSON.stringify({ ...made, version: 2 }), JSON.stringify({ ...made, tasks: [] })]
    ) {
      await Deno.writeTextFile(sweepPath(slurm), damaged);
      await assert.rejects(readSweep(slurm), /sweep\.json: this is not a sweep of this version/);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("parseQueue() reads squeue's lines and ignores remarks", () => {
  const text = [
    "squeue: the cluster is in maintenance",
    "12|0|RUNNING|1:02|n1|mmvm-a",
    "12|1|PENDING|0:00|(Resources)|mmvm-a",
    "13|N/A|PENDING|0:00|(Dependency)|mmvm-a|b-collect",
    "12|2|NODE_FAIL|0:10|n2|mmvm-a",
    "",
  ].join("\n");
  assert.deepEqual(parseQueue(text), [
    { name: "mmvm-a", id: "12_0", index: 0, state: "running", time: "1:02", where: "n1" },
    { name: "mmvm-a", id: "12_1", index: 1, state: "pending", time: "0:00", where: "(Resources)" },
    { name: "mmvm-a|b-collect", id: "13", index: undefined, state: "pending", time: "0:00", where: "(Dependency)" },
    { name: "mmvm-a", id: "12_2", index: 2, state: "node fail", time: "0:10", where: "n2" },
  ]);
});

Deno.test("stateOfTask() prefers a job in the queue to results, and results to jobs that have ended", () => {
  const lines = [
    "9|0|RUNNING|1|n1|j",
    "8|0|FAILED|1|n1|j",
    "8|1|FAILED|1|n1|j",
    "9|1|TIMEOUT|2|n1|j",
    "8|2|COMPLETED|1|n|j",
  ];
  const queue = parseQueue([...lines, "9|3|RUNNING|1|n1|other"].join("\n"));
  const state = (index: number, done: boolean) => stateOfTask(index, { job: "j", queue, done }).state;
  assert.deepEqual([state(0, true), state(1, true), state(1, false)], ["running", "done", "timeout"]);
  assert.deepEqual([state(2, false), state(2, true), state(3, false)], [
    "ended without results",
    "done",
    "not in the queue",
  ]);
});

Deno.test("submitSweep() makes the second job wait for the first, whatever becomes of it", async () => {
  const commands = submitCommands({ array: "array.sh", after: "collect.sh", indexes: [5, 0, 1, 2] });
  const ran: string[] = [];
  const answers = ["41;cluster\n", "42\n"];
  const jobs = await submitSweep(commands, (command) => {
    ran.push(command.join(" "));
    return Promise.resolve(answers.shift()!);
  });
  assert.deepEqual(jobs, { array: "41", after: "42" });
  assert.deepEqual(ran, [
    "sbatch --parsable --array=0-2,5 array.sh",
    "sbatch --parsable --dependency=afterany:41 collect.sh",
  ]);
  await assert.rejects(submitSweep(commands, () => Promise.resolve("what?\n")), /printed "what\?" instead of a job/);
});

Deno.test("indexRanges() joins neighbours", () => {
  assert.equal(indexRanges([3]), "3");
  assert.equal(indexRanges([7, 3, 4, 9, 8]), "3-4,7-9");
});

Deno.test("experiment --slurm freezes the runs, prints how to submit them, and says which task may", async () => {
  const cwd = await Deno.makeTempDir({ prefix: "mmvm-sweep-" });
  try {
    const run = (flags: readonly string[]) =>
      runProcess(
        [...taskCommand("experiment"), "single-view", "--dataset", "mnist-pairs", "--scale", "smoke", ...flags],
        { cwd },
      );
    const wrong = await run(["--gres", "gpu:1"]);
    assert.deepEqual([wrong.code, wrong.stderr], [2, "error: --gres is for jobs: give --slurm too, or leave it out\n"]);
    const other = await run(["--only", "mmvm-1-nothing"]);
    assert.equal(other.code, 2);
    assert.match(other.stderr, /the experiment has no run mmvm-1-nothing; its runs are independent-1-\w+, /);
    const written = await run(["--slurm", "--gres", "gpu:1", "--submit"]);
    assert.equal(written.code, 1, written.stderr);
    assert.match(written.stderr, /not submitted, .* run the lines above, or `deno task experiment:submit`/);
    const folder = "runs/experiments/single-view-mnist-pairs-smoke/slurm";
    assert.equal(
      written.stdout,
      `array=$(sbatch --parsable --array=0-2 ${folder}/array.sh)\n` +
        `sbatch --parsable --dependency=afterany:$array ${folder}/collect.sh\n`,
    );
    assert.equal((await readSweep(join(cwd, folder)))!.tasks.length, 3);
    assert.match(await Deno.readTextFile(join(cwd, folder, "array.sh")), /^#SBATCH --gres=gpu:1$/m);
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
});
