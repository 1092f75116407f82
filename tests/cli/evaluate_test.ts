import assert from "node:assert/strict";
import { join } from "node:path";
import { smallRunConfig } from "../training/small_run.ts";
import { runTask } from "../process.ts";

Deno.test("`deno task evaluate` rejects a run without write permission before any work", async () => {
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

Deno.test("`deno task evaluate` rejects a folder that is not a run, by name", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { code, stderr } = await runTask(["evaluate", folder]);
    assert.equal(code, 1);
    assert.match(stderr, /^error: .*config\.json.*\n$/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("`deno task evaluate` says which flags a run and a file of embeddings need", async () => {
  const cases: [string[], string][] = [
    [[], "deno task evaluate takes 1 RUN, or --embeddings FILE and --data DIR"],
    [["--embeddings", "e.npy"], "--embeddings needs --data DIR, the data set that the embeddings are of"],
    [
      ["demo", "--embeddings", "e.npy", "--data", "."],
      '--embeddings evaluates a file without a model, so leave out the run "demo"',
    ],
    [["demo", "--judge", "other"], "--judge is for --generative: give both, or leave out --judge"],
    [
      ["--embeddings", "e.npy", "--data", ".", "--generative"],
      "--embeddings evaluates a file without a model, so leave out --generative",
    ],
    [["demo", "--name", "other"], "--name is for --embeddings; a run is evaluated as its configuration says"],
  ];
  for (const [args, message] of cases) {
    const { code, stdout, stderr } = await runTask(["evaluate", ...args]);
    assert.deepEqual([code, stdout, stderr.trim()], [2, "", `error: ${message}`]);
  }
});
