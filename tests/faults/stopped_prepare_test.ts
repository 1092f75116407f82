/** `prepare` that is stopped (SIGSTOP, a sleeping machine) for longer than an image may take to decode. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { writePhantoms } from "../../phantoms/mod.ts";
import { RunningProcess, runProcess, taskCommand } from "../process.ts";

const STUDIES = 20;
/** Seconds: enough to start a worker on a loaded machine. */
const LIMIT = 8;
const STOPPED = 9;

Deno.test("prepare stopped for longer than its limit marks no image bad, and ends as if it had not been", async () => {
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "mmvm_stopped_" }));
  try {
    const data = join(folder, "phantoms");
    await writePhantoms(data, { studies: STUDIES, seed: 3, scale: 0.2, workers: 2 });
    const command = (cache: string) => [
      ...taskCommand("prepare"),
      "--data",
      data,
      "--image-size",
      "32",
      "--cache",
      join(folder, cache),
      "--workers",
      "1",
      "--decode-timeout",
      String(LIMIT),
    ];
    const process = new RunningProcess(command("stopped"), { cwd: folder });
    await process.until(" to prepare: ");
    for (let stop = 0; stop < 2; stop++) {
      process.kill("SIGSTOP");
      await delay(1000 * STOPPED);
      process.kill("SIGCONT");
      await delay(200);
    }
    const { code, stdout, stderr } = await process.ended;
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stderr, /skipped:|took longer|cannot be decoded/);
    const whole = await runProcess(command("whole"), { cwd: folder });
    assert.equal(whole.code, 0, whole.stderr);
    const pixels = (directory: string) => Deno.readFile(join(directory.trim(), "shard-00000.u8"));
    assert.deepEqual(await pixels(stdout), await pixels(whole.stdout));
    const [{ size }, skipped] = await Promise.all([
      Deno.stat(join(stdout.trim(), "shard-00000.idx")),
      Deno.readTextFile(join(stdout.trim(), "skipped.jsonl")).catch(() => ""),
    ]);
    assert.ok(size > 0);
    assert.equal(skipped, "");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
