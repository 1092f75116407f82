import assert from "node:assert/strict";
import { launchOf } from "../../../cluster/mpi/mod.ts";
import { within } from "../../../cluster/mpi/watchdog.ts";

const from = (variables: Record<string, string>) => launchOf((name) => variables[name]);

Deno.test("launchOf() knows mpirun of OpenMPI and MPICH, and srun", () => {
  const openmpi = { OMPI_COMM_WORLD_RANK: "1", OMPI_COMM_WORLD_SIZE: "4" };
  assert.deepEqual(from(openmpi), { launcher: "OpenMPI's mpirun", library: "openmpi", rank: 1, size: 4 });
  assert.deepEqual(from({ PMI_RANK: "0", PMI_SIZE: "2" })!.library, "mpich");
  const slurm = { SLURM_PROCID: "3", SLURM_STEP_NUM_TASKS: "8" };
  assert.deepEqual(from(slurm), { launcher: "srun", library: undefined, rank: 3, size: 8 });
  assert.equal(from({ ...slurm, PMIX_RANK: "3" })!.library, "openmpi");
  // mpirun inside a Slurm job starts its own processes with srun.
  assert.equal(from({ ...slurm, ...openmpi })!.size, 4);
});

Deno.test("launchOf() returns undefined outside a launcher, in a batch script and for odd values", () => {
  assert.equal(from({}), undefined);
  assert.equal(from({ SLURM_PROCID: "0" }), undefined);
  for (const odd of ["", "-1", "1.5", "x", "99999999999"]) {
    assert.equal(from({ PMI_RANK: odd, PMI_SIZE: "2" }), undefined);
  }
});

Deno.test("within() throws a ClusterError after the limit, and passes results and errors on", async () => {
  const options = { seconds: 0.02, what: "the work", advice: "wait longer" };
  assert.equal(await within(Promise.resolve(3), options), 3);
  await assert.rejects(within(Promise.reject(new RangeError("no")), options), RangeError);
  const never = new Promise<never>(() => {});
  await assert.rejects(within(never, options), {
    name: "ClusterError",
    message: "the work did not end within 0.02 s: wait longer",
  });
});
