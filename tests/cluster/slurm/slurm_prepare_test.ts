/**
 * Images prepared by an array of jobs on two nodes, one of which crashes.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { lockCache } from "../../../data/cache/cache_lock.ts";
import { assertSameFiles, fourShards, SIZE, withData } from "../../data/cache/prepare_fixture.ts";
import { runTask } from "../../process.ts";
import { hasSlurm, SlurmRig, waitFor } from "./slurm_rig.ts";

Deno.test({
  name: "an array of prepare on two nodes, one of which crashes, makes the files of a local prepare, byte for byte",
  ignore: !hasSlurm(),
  fn: () =>
    withData(fourShards(), async ({ root }) => {
      await using rig = await SlurmRig.start({ nodes: 2 });
      const prepare = async (task: string, cache: string, ...flags: string[]) => {
        const data = ["--data", join(root, "mimic"), "--image-size", String(SIZE), "--cache", join(root, cache)];
        const { code, stdout, stderr } = await runTask([task, ...data, ...flags], { env: rig.env });
        assert.equal(code, 0, stderr);
        return stdout;
      };
      const local = (await prepare("prepare", "local")).trim();
      const cluster = local.replace(join(root, "local"), join(root, "the cluster"));
      const log = () => Deno.readTextFile(join(`${cluster}-slurm`, "task-0.out")).catch(() => "");
      // Who holds the cache keeps the tasks waiting, so that the first is surely running when its node crashes.
      await Deno.mkdir(cluster, { recursive: true });
      const lock = await lockCache(cluster, {});
      const said = await prepare("prepare:submit", "the cluster", "--parts", "2");
      const [, array, merge] = /^submitted the array as job (\d+), and merge after it as job (\d+)\n/.exec(said)!;
      await waitFor("task 0", async () => /waiting/.test(await log()));
      const { node } = await rig.job(`${array}_0`);
      await rig.crashNode(node);
      lock[Symbol.dispose]();
      rig.startNode(node);
      for (const task of [`${array}_0`, `${array}_1`, merge!]) {
        await rig.until(task, ({ state }) => state === "COMPLETED");
      }
      assert.ok((await rig.job(`${array}_0`)).restarts >= 1);
      await assertSameFiles(cluster, local);
      assert.match(await log(), /^task 0 on n\d, restart [1-9]:/m);
    }),
});
