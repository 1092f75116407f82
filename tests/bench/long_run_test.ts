import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ROOT, runTask } from "../process.ts";

Deno.test("bench long-run samples memory, evaluates during training, and cleans up", async () => {
  const before = leftBehind();
  const steps = ["--steps", "60", "--every", "8", "--evaluation-steps", "40", "--checkpoint-steps", "4"];
  const { stdout, stderr } = await runTask(["bench", "long-run", ...steps]);
  const looks = [...stdout.matchAll(/^step +(\d+) {2}GPU (\d+) bytes in \d+ buffers {2}process [\d.]+ MiB/gm)];
  assert.ok(looks.length >= 4, stdout + stderr);
  assert.equal(new Set(looks.map(([, , bytes]) => bytes)).size, 1, stdout);
  assert.match(stdout, /^60 steps and 1 evaluations in [\d.]+ minutes$/m);
  assert.match(stdout, /^GPU: flat, 0 ± 0 bytes/m);
  assert.match(stdout, /^process: (flat|GROWS), -?\d+ ± \d+ bytes in 1000 steps/m);
  assert.deepEqual(leftBehind().filter((name) => !before.includes(name)), []);
});

function leftBehind(): string[] {
  const cache = join(ROOT, "cache");
  return existsSync(cache) ? readdirSync(cache).filter((name) => name.startsWith("long-run")) : [];
}
