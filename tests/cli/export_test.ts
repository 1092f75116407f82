import assert from "node:assert/strict";
import { join } from "node:path";
import { runTask } from "../process.ts";
import { smallRunConfig } from "../training/small_run.ts";

Deno.test("deno task export refuses flags that contradict each other or belong to another format", async () => {
  const cases: [string[], string][] = [
    [["small"], "export needs --format pytorch or html"],
    [["small", "--out", "m.html", "--small", "--exact"], "--small and --exact contradict each other: give one"],
    [["small", "--out", "m.html", "--exact", "--half"], "--half and --exact contradict each other: give one"],
    [
      ["small", "--format", "pytorch", "--no-probes"],
      "--no-probes is for --format html: leave it out, or give that format",
    ],
  ];
  for (const [args, message] of cases) {
    const { code, stdout, stderr } = await runTask(["export", ...args]);
    assert.deepEqual([code, stdout, stderr.trim()], [2, "", `error: ${message}`]);
  }
});

Deno.test("deno task export asks for the evaluation of a run without results before it reads any data", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(join(folder, "config.json"), JSON.stringify(smallRunConfig("mmvm")));
    const { code, stderr } = await runTask(["export", folder, "--format", "html"]);
    assert.equal(code, 1);
    assert.equal(
      stderr.trim(),
      `error: ${folder} has no results.json, which the page shows: run deno task evaluate ${folder} first`,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
