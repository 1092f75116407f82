/**
 * Ranks on hosts of their own, one of which loses its network.
 *
 * @module
 */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { runProcess } from "../../process.ts";
import { hasHosts, HostsRig } from "./hosts_rig.ts";
import { hasMpi, MpiRig, preloaded, trainCommand } from "./mpi_rig.ts";

// Behind `deno task test:cluster`, because it takes a minute.
if (Deno.env.get("MMVM_CLUSTER") === "1") {
  Deno.test({
    name: "a host that loses its network is named within the limit; the last checkpoint is intact and has lost nothing",
    ignore: !hasMpi() || !hasHosts(),
    async fn() {
      await using runs = await MpiRig.create();
      await using hosts = await HostsRig.start({ hosts: 2 });
      const preload = [preloaded("rank_fault.ts", { at: 3, rank: 1, what: "wait" })];
      const command = [...hosts.mpirun(), ...trainCommand({ preload })];
      const limit = 10;
      const process = runs.start("cut", command, { flags: ["--rank-timeout", `${limit}`] });
      await process.until("RANK 1 PID");
      await hosts.setLink(2, "down");
      const started = performance.now();
      // Rank 1 goes on with its step, but does not reach rank 0.
      await runProcess(["kill", "-TERM", /RANK 1 PID (\d+)/.exec(process.stderr)![1]!]);
      await process.until(
        /error: rank 0: the sum of the ranks' gradients did not end within 10 s: a rank is dead or .*\n/,
      );
      const seconds = (performance.now() - started) / 1000;
      console.log(`named ${seconds.toFixed(1)} s after the link was cut, with a limit of ${limit} s`);
      // Rank 0 waits from the beginning of step 3 on; a loaded machine may take longer to say so.
      assert.ok(seconds < 3 * limit, `${seconds} s`);
      assert.equal((await runs.outcome("cut")).checkpoint.state.step, 2);
      // The launcher itself waits for the host that it cannot reach.
      await hosts.setLink(2, "up");
      await Promise.race([process.ended, delay(10_000)]);
      process.kill("SIGKILL");
      await process.ended;

      const resumed = await runs.start("cut", [...hosts.mpirun(), ...trainCommand()], { flags: ["--resume"] }).ended;
      assert.equal(resumed.code, 0, resumed.stderr);
      assert.match(resumed.stderr, /2 ranks, Open MPI/);
      const unbroken = await runs.train("unbroken", { library: "mpich", ranks: 2 });
      assert.equal(unbroken.code, 0, unbroken.stderr);
      await runs.assertSame("cut", "unbroken");
    },
  });
}
