/**
 * Scores an experiment's runs on fresh phantoms and on the data's own test split, as a user does.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { readResults, type Results } from "../../eval/mod.ts";
import { writePhantoms } from "../../phantoms/mod.ts";
import { runProcess, taskCommand } from "../process.ts";

Deno.test("runs are scored on fresh phantoms, with probes that saw what they see for the own test split", async () => {
  const folder = await Deno.makeTempDir({ prefix: "mmvm-fresh-" });
  try {
    const data = join(folder, "phantoms");
    await writePhantoms(data, { studies: 40, seed: 1, scale: 0.02, workers: 1 });
    const scored = async (fresh: number): Promise<Results> => {
      const flags = ["single-view", "--scale", "smoke", "--data", data, "--fresh", String(fresh)];
      const { code, stderr } = await runProcess([...taskCommand("experiment"), ...flags], { cwd: folder });
      assert.equal(code, 0, stderr);
      return await readResults(join(folder, "runs/experiments/single-view-phantoms-smoke/results.json"));
    };
    const [own, fresh] = [await scored(0), await scored(12)];
    const ids = ({ cases }: Results) => new Set(cases.flatMap(({ studyIds }) => studyIds));
    assert.ok(ids(own).size > 0 && ids(fresh).size > 0);
    assert.ok(ids(fresh).isDisjointFrom(ids(own)));
    const split = ({ data }: Results, name: string) => data.splits.find((each) => each.split === name);
    assert.equal(split(fresh, "test")!.studies, ids(fresh).size);
    for (const name of ["train", "validate"]) assert.deepEqual(split(fresh, name), split(own, name));
    const seen = ({ evaluations }: Results) =>
      evaluations.map(({ view, setting, labelledStudies }) => [view, setting, labelledStudies]);
    assert.deepEqual(seen(fresh), seen(own));
    // The same trained runs, measured twice.
    assert.deepEqual(fresh.runs.map(({ name }) => name), own.runs.map(({ name }) => name));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
