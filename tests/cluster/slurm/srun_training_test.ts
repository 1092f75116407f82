/**
 * One run trained by two nodes of a Slurm cluster, requeued in the middle.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { hasMpi, MPI_ENV, MpiRig, mpirun, preloaded, trainCommand } from "../mpi/mpi_rig.ts";
import { hasSlurm, SlurmRig, waitFor } from "./slurm_rig.ts";

/** Submits a job that trains a run on two nodes. */
async function submit(
  rig: SlurmRig,
  options: { folder: string; run: string; command: readonly string[]; flags: readonly string[] },
): Promise<string> {
  const { folder, run, command, flags } = options;
  const srun = ["srun", "--mpi=pmix", "--kill-on-bad-exit=1", "--wait=60", ...command, ...flags];
  const script = [
    "#!/bin/bash",
    "#SBATCH --nodes=2 --ntasks=2 --ntasks-per-node=1 --requeue --open-mode=append",
    `#SBATCH --chdir=${folder} --output=${run}.out`,
    ...Object.entries(MPI_ENV).map(([name, value]) => `export ${name}=${value}`),
    'echo "restart ${SLURM_RESTART_COUNT:-0}"',
    "trap : TERM",
    `${srun.map((word) => `'${word}'`).join(" ")} & wait; wait`,
    "",
  ];
  await Deno.writeTextFile(join(folder, `${run}.sh`), script.join("\n"));
  return (await rig.run(["sbatch", "--parsable", join(folder, `${run}.sh`)])).trim();
}

// Behind `deno task test:cluster`, because it takes over a minute.
if (Deno.env.get("MMVM_CLUSTER") === "1") {
  Deno.test({
    name: "a run of two nodes that Slurm requeues and resumes has the bits of an unbroken one",
    ignore: !hasSlurm() || !hasMpi(),
    async fn() {
      await using runs = await MpiRig.create();
      await using rig = await SlurmRig.start({ nodes: 2 });
      const { folder } = runs;
      const flags = [...runs.flags("requeued"), "--resume"];
      const preload = [preloaded("rank_fault.ts", { at: 3, rank: 1, what: "wait" })];
      const job = await submit(rig, { folder, run: "requeued", command: trainCommand({ preload }), flags });
      const log = () => Deno.readTextFile(join(folder, "requeued.out")).catch(() => "");
      await waitFor("step 3", async () => /RANK 1 PID/.test(await log()), () => "");
      await rig.run(["scontrol", "requeue", job]);
      const done = await rig.until(job, ({ state, restarts }) => restarts >= 1 && /COMPLETED|FAILED/.test(state));
      assert.equal(done.state, "COMPLETED", await log());
      assert.match(await log(), /2 ranks, Open MPI[^]*stopped at step [45];[^]*restart 1[^]*2 ranks, Open MPI/);
      // The hosts of the nodes have names of their own, so that no adapter is shared there, but one is here.
      const command = [...mpirun("mpich", 2), ...trainCommand(), ...runs.flags("unbroken"), "--share-adapter"];
      const unbroken = await runs.run(command);
      assert.equal(unbroken.code, 0, unbroken.stderr);
      await runs.assertSame("requeued", "unbroken");
    },
  });
}
