import assert from "node:assert/strict";
import { join } from "node:path";
import { readSkipped } from "../../../data/cache/skipped_log.ts";
import { type Ended, RunningProcess, runProcess, taskCommand } from "../../process.ts";
import { plainImages, SMALL_JPEG } from "../fixture.ts";
import { assertSameFiles, fourShards, type Run, SIZE, withData } from "./prepare_fixture.ts";

function command(root: string, ...flags: string[]): string[] {
  const data = ["--data", join(root, "mimic"), "--image-size", String(SIZE), "--workers", "1"];
  return [...taskCommand("prepare"), ...data, ...flags];
}

/** The folder that a successful `prepare` prints. */
function folderOf({ code, stdout, stderr }: Ended): string {
  assert.equal(code, 0, stderr);
  return stdout.trim();
}

Deno.test("three parts prepared at the same time, one of them killed and repeated, are merged to the whole cache", () =>
  withData(fourShards(), async ({ root }) => {
    const whole = folderOf(await runProcess(command(root, "--cache", join(root, "whole"))));
    assert.deepEqual(readSkipped(join(whole, "skipped.jsonl")).map(({ image }) => image), [256, 513]);
    const cache = ["--cache", join(root, "parts")];
    const [killed, ...others] = [0, 1, 2].map((part) =>
      new RunningProcess(command(root, ...cache, "--part", `${part}/3`))
    );
    // Part 0 has the shards 0 and 3.
    await killed!.until("4 images, 4 to prepare");
    killed!.kill("SIGKILL");
    await killed!.ended;
    for (const { ended } of others) {
      const { stderr } = await ended;
      assert.match(stderr, /^2 images, 2 to prepare/m);
      assert.match(stderr, /^part [12]\/3 is prepared; once all are, run `prepare` without --part$/m);
      folderOf(await ended);
    }
    folderOf(await runProcess(command(root, ...cache, "--part", "0/3")));
    const merged = await runProcess(command(root, ...cache));
    assert.match(merged.stderr, /^8 images, 0 to prepare/m);
    await assertSameFiles(folderOf(merged), whole);
  }));

Deno.test("a part that was stopped goes on where it stopped, and the whole cache makes what parts left", () =>
  withData(fourShards(), async ({ prepare, root }) => {
    const options = { imageSize: SIZE, cacheDir: join(root, "parts") };
    const part = { index: 0, count: 3 };
    const controller = new AbortController();
    const onProgress = ({ done }: { done: number }) => {
      if (done === 3) controller.abort(new Error("stopped"));
    };
    await assert.rejects(prepare({ ...options, part, signal: controller.signal, onProgress }), /stopped/);
    assert.equal((await prepare({ ...options, part })).plan.missing, 1);
    const { plan } = await prepare(options);
    assert.deepEqual([plan.images, plan.missing], [8, 4]);
  }));

Deno.test("a bad image of a part is skipped with its reason by the part, by the next call and after the merge", () => {
  const images = plainImages(3);
  images[4] = { ...images[4]!, content: SMALL_JPEG.slice(0, 200) };
  return withData(images, async ({ prepare }) => {
    const part = { index: 0, count: 1 };
    for (const options of [{ part }, { part }, {}, { part }, {}]) {
      const { index, pixels } = await prepare(options);
      assert.ok(pixels.isBad(4));
      assert.match(index.drops.entries()[0]!.examples[0]!, /d4\.jpg: the JPEG data is truncated or corrupt/);
    }
  });
});

Deno.test("a part waits for the whole cache and for itself, the whole cache for every part, a part for no other", () =>
  withData(plainImages(3), async ({ prepare }) => {
    const part = { index: 0, count: 2 };
    const { pixels } = await prepare({ part });
    const waits = (options: Parameters<Run["prepare"]>[0]) =>
      assert.rejects(prepare({ ...options, signal: AbortSignal.timeout(50) }), { name: "TimeoutError" });
    {
      using whole = await Deno.open(join(pixels.directory, "lock"), { write: true });
      assert.ok(await whole.tryLock(true));
      await waits({ part });
    }
    using shared = await Deno.open(join(pixels.directory, "lock"), { read: true });
    using own = await Deno.open(join(pixels.directory, "part-0-of-2.lock"), { write: true });
    assert.ok(await shared.tryLock(false) && await own.tryLock(true));
    await waits({ part });
    await waits({});
    assert.equal((await prepare({ part: { index: 1, count: 2 } })).plan.images, 0);
  }));

Deno.test("a cache is divided into one number of parts until they are merged", () =>
  withData(plainImages(3), async ({ prepare }) => {
    await prepare({ part: { index: 1, count: 3 } });
    await assert.rejects(
      prepare({ part: { index: 0, count: 2 } }),
      /these images are being prepared in 3 parts, not 2: go on with those, or first run `deno task prepare` without/,
    );
    await prepare();
    await prepare({ part: { index: 0, count: 2 } });
  }));

Deno.test("parts that do not exist, and verifying a part, are refused", () =>
  withData(plainImages(3), async ({ prepare }) => {
    for (const [index, count] of [[2, 2], [-1, 2], [0, 0], [0.5, 2], [0, NaN]] as const) {
      await assert.rejects(prepare({ part: { index, count } }), RangeError);
    }
    await assert.rejects(
      prepare({ part: { index: 0, count: 2 }, verify: true }),
      /only the whole cache can be verified/,
    );
  }));

Deno.test("prepare --slurm writes an array of the parts and their merge, which make the whole cache", () =>
  withData(fourShards(), async ({ root }) => {
    const cache = ["--cache", join(root, "cache")];
    const written = await runProcess(command(root, ...cache, "--slurm", "--parts", "2", "--partition", "cpu"));
    assert.equal(written.code, 0, written.stderr);
    const [, array, merge] =
      /^array=\$\(sbatch --parsable --array=0-1 (\S+)\)\nsbatch --parsable --dependency=afterany:\$array (\S+)\n$/
        .exec(written.stdout) ?? [];
    assert.match(await Deno.readTextFile(array!), /^#SBATCH --partition=cpu$/m);
    for (let task = 0; task < 2; task++) {
      const { code, stdout, stderr } = await runProcess(["bash", array!], {
        env: { SLURM_ARRAY_TASK_ID: String(task) },
      });
      assert.equal(code, 0, stderr);
      assert.match(stdout, new RegExp(`^task ${task} on .*: --part ${task}/2$`, "m"));
    }
    const { code, stderr } = await runProcess(["bash", merge!]);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^8 images, 0 to prepare/m);
  }));

Deno.test("prepare --slurm makes no more parts than the cache has files", () =>
  withData(plainImages(3), async ({ root }) => {
    const { code, stdout, stderr } = await runProcess(
      command(root, "--cache", join(root, "cache"), "--slurm", "--parts", "9"),
    );
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^--parts 9 is reduced to 1, the number of the cache's files$/m);
    assert.match(stdout, /--array=0 /);
  }));

Deno.test("prepare refuses flags for parts that do not go together", async () => {
  const cases = [
    [["--part", "3/3"], /--part 3\/3 does not exist: the first of N is 0, the last N - 1/],
    [["--part", "1"], /--part must be I\/N, such as 0\/4/],
    [["--part", "0/2", "--verify"], /--verify is for the whole cache/],
    [["--part", "0/2", "--slurm"], /--slurm writes a job for every part/],
    [["--parts", "2"], /--parts is for jobs/],
    [["--partition", "cpu"], /--partition is for jobs/],
  ] as const;
  for (const [flags, says] of cases) {
    const { code, stderr } = await runProcess([...taskCommand("prepare"), "--data", "x", ...flags]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, says);
  }
});
