/**
 * Data-parallel runs, as a user starts them.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type RunningProcess, runProcess, taskCommand } from "../../process.ts";
import { hasMpi, type Library, MpiRig, mpirun, preloaded, trainCommand } from "./mpi_rig.ts";

const ignore = !hasMpi();
/** Whether to try every number of ranks and library; takes minutes. */
const all = Deno.env.get("MMVM_CLUSTER") === "1";

let rig: MpiRig;
Deno.test.beforeAll(async () => {
  if (!ignore) rig = await MpiRig.create();
});
Deno.test.afterAll(async () => {
  if (!ignore) await rig[Symbol.asyncDispose]();
});

Deno.test({
  name: "one rank computes the bits of deno task train",
  ignore,
  async fn() {
    const [whole, one] = [await rig.start("whole", taskCommand("train")).ended, await rig.train("one", ONE)];
    assert.equal(whole.code, 0, whole.stderr);
    assert.equal(one.code, 0, one.stderr);
    await rig.assertSame("one", "whole");
  },
});

const ONE = { library: "openmpi", ranks: 1 } as const;

Deno.test({
  name: "ranks compute the same bits with OpenMPI and MPICH",
  ignore,
  async fn() {
    for (const ranks of all ? [2, 3, 4] : [2]) {
      const open = await rig.train(`open-${ranks}`, { library: "openmpi", ranks });
      assert.equal(open.code, 0, open.stderr);
      assert.match(open.stderr, new RegExp(`${ranks} ranks, Open MPI`));
      const { metrics } = await rig.outcome(`open-${ranks}`);
      assert.equal(metrics.length, 8);
      const mpich = await rig.train(`mpich-${ranks}`, { library: "mpich", ranks });
      assert.equal(mpich.code, 0, mpich.stderr);
      await rig.assertSame(`mpich-${ranks}`, `open-${ranks}`);
      if (!all) continue;
      assert.equal((await rig.train(`again-${ranks}`, { library: "openmpi", ranks })).code, 0);
      await rig.assertSame(`again-${ranks}`, `open-${ranks}`);
    }
  },
});

if (all) {
  Deno.test({
    name: "ranks train on texts by one vocabulary, which rank 0 keeps",
    ignore,
    async fn() {
      const flags = ["--views", "frontal,text", "--text-length", "32", "--text-filter-dim", "2"];
      const { code, stderr } = await rig.train("texts", { library: "openmpi", ranks: 2, flags });
      assert.equal(code, 0, stderr);
      assert.equal((await rig.outcome("texts")).metrics.length, 8);
      await Deno.stat(join(rig.folder, "runs/texts/vocabulary.json"));
    },
  });
}

Deno.test({
  name: "ranks learn from different parts of a batch",
  ignore,
  async fn() {
    const [one, two] = [await rig.outcome("one"), await rig.outcome("open-2")];
    const losses = (metrics: readonly unknown[]) => metrics.map((line) => (line as { loss: number }).loss);
    assert.notDeepEqual(losses(two.metrics), losses(one.metrics));
    // The first loss is a mean over the same pairs with the same parameters, but with the statistics of other batches.
    const [a, b] = [losses(one.metrics)[0]!, losses(two.metrics)[0]!];
    assert.ok(Math.abs(a - b) < 0.05 * a, `${a} and ${b}`);
  },
});

Deno.test({
  name: "a run is not resumed by another number of ranks",
  ignore,
  async fn() {
    const { code, stderr } = await rig.start("open-2", taskCommand("train"), { flags: ["--resume"] }).ended;
    assert.equal(code, 1);
    assert.match(stderr, /the run was started by 2 ranks, not by 1: go on with as many \(`mpirun -n 2 deno task train/);
    const other = await rig.train("one", { library: "openmpi", ranks: 2, flags: ["--resume"] });
    assert.equal(other.code, 1);
    assert.match(
      other.stderr,
      /the run was started by one process, not by 2 ranks: go on by `deno task train --resume`/,
    );
    const odd = await rig.train("odd", { library: "openmpi", ranks: 2, flags: ["--batch-size", "7"] });
    assert.match(odd.stderr, /a batch of 7 cannot be divided among 2 ranks: give --batch-size 6 or 8/);
  },
});

Deno.test({
  name: "two ranks of one host that see the same adapter are refused",
  ignore,
  async fn() {
    const { code, stderr } = await rig.start("same", [...mpirun("mpich", 2), ...trainCommand()]).ended;
    assert.equal(code, 1);
    assert.match(stderr, /error: ranks 0 and 1 both see the adapter .+ of host \S+: give each rank a GPU of its own/);
  },
});

Deno.test({
  name: "a library that does not belong to the launcher is refused: every process would be rank 0",
  ignore,
  async fn() {
    const home = join(rig.folder, "home");
    await Deno.mkdir(join(home, "lib"), { recursive: true });
    await Deno.symlink(`/usr/lib/${Deno.build.arch}-linux-gnu/libmpich.so.12`, join(home, "lib/libmpi.so"));
    const command = [...mpirun("openmpi", 2), ...trainCommand({ home })];
    const { code, stderr } = await rig.start("wrong", command, { env: { MPI_HOME: home } }).ended;
    assert.equal(code, 1);
    assert.match(
      stderr,
      /error: OpenMPI's mpirun started this process as rank 1 of 2, but MPICH Version: \S+ sees rank 0 of 1: the library/,
    );
  },
});

/** Starts two ranks, rank 1 with a fault at step 3. */
function startFaulty(run: string, options: { library: Library; what: string; flags?: readonly string[] }) {
  const { library, what, flags = [] } = options;
  const preload = [preloaded("rank_fault.ts", { at: 3, rank: 1, what })];
  const command = [...mpirun(library, 2), ...trainCommand({ preload })];
  return rig.start(run, command, { flags: ["--share-adapter", ...flags] });
}

/** The process of the rank that said that its fault is near. */
async function faultyPid(process: RunningProcess): Promise<string> {
  await process.until("RANK 1 PID");
  return /RANK 1 PID (\d+)/.exec(process.stderr)![1]!;
}

/** The libraries with which a fault is tried: both if there is time. */
const tried = (sample: Library): Library[] => all ? ["openmpi", "mpich"] : [sample];

for (const library of tried("openmpi")) {
  Deno.test({
    name:
      `${library}: SIGTERM to one rank, repeated after 100 ms, stops all at one step; resumed, the bits are the same`,
    ignore,
    async fn() {
      const process = startFaulty(`stopped-${library}`, { library, what: "wait" });
      const pid = Number(await faultyPid(process));
      Deno.kill(pid, "SIGTERM");
      await delay(100);
      Deno.kill(pid, "SIGTERM");
      const { code, stderr } = await process.ended;
      assert.notEqual(code, 0, stderr);
      // The signal comes while rank 1 begins step 3, and counts from the next one on if the step has begun.
      const [, step] = /stopped at step ([45]); the same command with --resume resumes it/.exec(stderr) ?? [];
      assert.ok(step !== undefined, stderr);
      assert.equal((await rig.outcome(`stopped-${library}`)).checkpoint.state.step, Number(step));
      const resumed = await rig.train(`stopped-${library}`, { library, ranks: 2, flags: ["--resume"] });
      assert.equal(resumed.code, 0, resumed.stderr);
      await rig.assertSame(`stopped-${library}`, "open-2");
    },
  });
}

for (const library of tried("mpich")) {
  Deno.test({
    name: `${library}: a rank that hangs is named within the limit, and the last checkpoint is intact`,
    ignore,
    async fn() {
      // Enough for a rank on a loaded machine that waits for another one to compile its kernels.
      const process = startFaulty(`hung-${library}`, { library, what: "hang", flags: ["--rank-timeout", "5"] });
      const pid = await faultyPid(process);
      const { code, stderr } = await process.ended;
      // OpenMPI leaves a rank behind that does not react.
      await runProcess(["kill", "-KILL", pid]);
      assert.notEqual(code, 0);
      assert.match(stderr, /error: rank 0: the sum of the ranks' gradients did not end within 5 s: a rank is dead or /);
      assert.equal((await rig.outcome(`hung-${library}`)).checkpoint.state.step, 2);
    },
  });
}

for (const library of all ? ["openmpi", "mpich"] as const : []) {
  Deno.test({
    name: `${library}: when a rank is killed or exits early, the launcher ends the others; a resumed run loses nothing`,
    ignore,
    async fn() {
      for (const what of ["hang", "exit"]) {
        const run = `${what}-${library}`;
        const process = startFaulty(run, { library, what, flags: ["--rank-timeout", "20"] });
        const pid = await faultyPid(process);
        const started = performance.now();
        if (what === "hang") await runProcess(["kill", "-KILL", pid]);
        const { code } = await process.ended;
        console.log(`${library}, ${what}: ended after ${((performance.now() - started) / 1000).toFixed(1)} s`);
        // MPICH's mpirun ends the job too, but with 0, if a rank exits with 0 and without MPI_Finalize.
        if (what === "hang" || library === "openmpi") assert.notEqual(code, 0);
        assert.equal((await rig.outcome(run)).checkpoint.state.step, 2);
        const resumed = await rig.train(run, { library, ranks: 2, flags: ["--resume"] });
        assert.equal(resumed.code, 0, resumed.stderr);
        await rig.assertSame(run, "open-2");
      }
    },
  });
}
