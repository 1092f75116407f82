/**
 * A sweep on a cluster of two nodes, with a task that is requeued and a node that crashes.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { RunningProcess, runProcess, taskCommand } from "../../process.ts";
import { hasSlurm, SlurmRig, waitFor } from "./slurm_rig.ts";

const EXPERIMENT = ["single-view", "--dataset", "mnist-pairs", "--scale", "smoke"];
const FOLDER = "runs/experiments/single-view-mnist-pairs-smoke";

/** Runs `deno task experiment` with permission to submit jobs. */
async function experiment(cwd: string, flags: readonly string[], env: Record<string, string>): Promise<string> {
  const [deno, ...rest] = taskCommand("experiment");
  const command = [deno!, rest[0]!, "--allow-run=sbatch,squeue,scontrol", ...rest.slice(1), ...EXPERIMENT, ...flags];
  const { code, stdout, stderr } = await runProcess(command, { cwd, env });
  assert.equal(code, 0, stderr);
  return stdout;
}

async function logOf(cwd: string, index: number): Promise<string> {
  return await Deno.readTextFile(join(cwd, FOLDER, `slurm/task-${index}.out`)).catch(() => "");
}

async function states(cwd: string, rig: SlurmRig): Promise<string> {
  const { code, stdout, stderr } = await runProcess([...taskCommand("runs"), "--slurm"], { cwd, env: rig.env });
  assert.equal(code, 0, stderr);
  return stdout;
}

Deno.test({
  name: "a Slurm sweep with a requeued task and a crashed node gives the tables of a local run, byte for byte",
  ignore: !hasSlurm(),
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "mmvm-sweep-" });
    const [cluster, local] = ["cluster", "local"].map((name) => join(folder, name)) as [string, string];
    try {
      for (const cwd of [cluster, local]) await Deno.mkdir(cwd);
      await using rig = await SlurmRig.start({ nodes: 2 });
      const said = await experiment(cluster, ["--slurm", "--submit"], rig.env);
      const [, array, collect] = /array as job (\d+), and collect after it as job (\d+)/.exec(said)!;
      await Promise.all([
        new RunningProcess([...taskCommand("experiment"), ...EXPERIMENT, "--concurrency", "1"], { cwd: local }).ended,
        disturb(rig, { array: array!, cwd: cluster }),
      ]);
      assert.equal((await rig.until(collect!, ({ state }) => !/PENDING|RUNNING/.test(state))).state, "COMPLETED");
      const tables = await Promise.all(
        [cluster, local].map((cwd) => Deno.readTextFile(join(cwd, FOLDER, "tables.txt"))),
      );
      assert.equal(tables[0], tables[1]);
      assert.match(await states(cluster, rig), /single-view-mnist-pairs-smoke: 3 of 3 done/);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

/** Requeues the first task while it runs, and kills the node of the second. */
async function disturb(rig: SlurmRig, { array, cwd }: { array: string; cwd: string }): Promise<void> {
  const [first, second] = [`${array}_0`, `${array}_1`] as const;
  for (const index of [0, 1]) {
    await waitFor(`task ${index}`, async () => /preparing|mnist-pairs:/.test(await logOf(cwd, index)));
  }
  assert.match(await states(cwd, rig), /^ *0 +independent-1-\w+ +running/m);
  const { node } = await rig.job(second);
  await rig.crashNode(node);
  rig.startNode(node);
  await rig.run(["scontrol", "requeue", first]);
  for (const task of [first, second]) {
    assert.ok((await rig.until(task, ({ state }) => state === "COMPLETED")).restarts >= 1, task);
  }
  for (const index of [0, 1]) assert.match(await logOf(cwd, index), new RegExp(`task ${index} on n\\d, restart [1-9]`));
}
