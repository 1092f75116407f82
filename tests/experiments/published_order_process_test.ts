/**
 * Runs one setting of an experiment on phantoms that are drawn for it, as a user does, and shows it on the page.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { readResults } from "../../eval/mod.ts";
import { runProcess, taskCommand } from "../process.ts";

Deno.test("the hard setting is trained and scored on phantoms with faint findings, and shown on the page", async () => {
  const folder = await Deno.makeTempDir({ prefix: "mmvm-hard-" });
  try {
    const run = async (task: string, flags: readonly string[]): Promise<string> => {
      const { code, stdout, stderr } = await runProcess([...taskCommand(task), ...flags], { cwd: folder });
      assert.equal(code, 0, stderr);
      return stdout;
    };
    // As many fresh phantoms as the scale has by default: fewer lack a label in too many resamples for an interval.
    const methods = ["independent", "mopoe", "mmvm"];
    const only = ["--setting", "hard", "--methods", methods.join()];
    const stdout = await run("experiment", ["published-order", "--scale", "smoke", ...only]);
    assert.match(stdout, /mmvm's lead over .*\nhard 0\.5: frontal [+-][\d.]+ \[.*\] over \w+; lateral [+-]/);
    for (const drawn of ["faint-0.5-80-1", "faint-0.5-60-777"]) {
      const record = JSON.parse(await Deno.readTextFile(join(folder, `cache/phantoms-${drawn}/phantoms.json`)));
      assert.equal(record.settings.faintFindings, 0.5);
    }
    const { evaluations } = await readResults(
      join(folder, "runs/experiments/published-order-phantoms-smoke/results.json"),
    );
    assert.deepEqual(new Set(evaluations.map(({ method }) => method)), new Set(methods));
    assert.ok(evaluations.every(({ setting }) => setting.hard === 0.5));
    await run("evidence", ["--scale", "smoke", "--out", "page"]);
    const page = await Deno.readTextFile(join(folder, "page/index.html"));
    assert.match(page, /in the frontal view (ahead of|level with|behind) it at hard 0\.5/);
    assert.match(page, />\s*(Independent|MoPoE) \(hard 0\.5\)</);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
