import assert from "node:assert/strict";
import { join } from "node:path";
import { smallRunConfig } from "../training/small_run.ts";
import { runTask } from "../process.ts";

Deno.test("`deno task evaluate` refuses a run that it may not write to before it does anything", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(join(folder, "config.json"), JSON.stringify(smallRunConfig("mmvm")));
    const { code, stdout, stderr } = await runTask(["evaluate", folder]);
    assert.deepEqual([code, stdout], [2, ""]);
    assert.equal(
      stderr.trim(),
      `error: ${folder} is outside runs/, where this task may not write its results; move the run into runs/ and give its name`,
    );
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["config.json"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("`deno task evaluate` names a folder that is no run", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { code, stderr } = await runTask(["evaluate", folder]);
    assert.equal(code, 1);
    assert.match(stderr, /^error: .*config\.json.*\n$/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
