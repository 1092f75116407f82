import assert from "node:assert/strict";
import { join } from "node:path";
import { main } from "../../cli/plan.ts";
import { writePhantoms } from "../../phantoms/mod.ts";
import { runProcess, taskCommand } from "../process.ts";

const folder = await Deno.makeTempDir({ prefix: "mmvm_plan_" });
Deno.test.afterAll(() => Deno.remove(folder, { recursive: true }));

Deno.test("deno task plan --scale predicts what an experiment takes from its tables and measured steps", async () => {
  const root = join(folder, "phantoms");
  await writePhantoms(root, { studies: 30, seed: 1, scale: 0.02, workers: 1 });
  const flags = ["single-view", "--scale", "smoke", "--data", root, "--steps", "3"];
  const { code, stdout, stderr } = await runProcess([...taskCommand("plan"), ...flags], { cwd: folder });
  assert.equal(code, 0, stderr);
  assert.match(stderr, /single-view at scale smoke on phantoms: 3 runs, 0 done/);
  const [, images, train] = /(\d+) pairs \((\d+) to train on\), \d+ images/.exec(stdout)!.map(Number);
  assert.ok(images! > train! && train! > 0);
  assert.match(
    stdout,
    /^disk +\d+\.\d KB of prepared images \(\d+\.\d KB still to write\), \S+ KB of checkpoints$/m,
  );
  // Frontal alone, lateral alone, and MMVM on both: one epoch of batches of 8, in two kinds of step.
  const steps = Math.floor(train! / 8);
  const measured = [...stdout.matchAll(
    /^\w+, measured +\d+ ms a step of 8 pairs \(3 steps\), (\d+) dispatches, \S+ MB of GPU memory; for (\d) runs/gm,
  )].map(([, dispatches, runs]) => ({ dispatches: Number(dispatches), runs: Number(runs) }));
  assert.equal(measured.reduce((sum, { runs }) => sum + runs, 0), 3);
  const dispatches = measured.reduce((sum, { dispatches, runs }) => sum + dispatches * runs * steps, 0);
  assert.match(stdout, new RegExp(`^work +${3 * steps} steps, ${dispatches.toLocaleString("en")} dispatches$`, "m"));
  assert.match(stdout, /^time +\d+ min of training/m);
});

Deno.test("deno task plan --scale names what is missing: a folder, or an experiment", async () => {
  const refused: [string[], RegExp][] = [
    [["--scale", "small"], /--scale needs the tables of phantoms: give its folder by --data/],
    [["tabel", "--scale", "small"], /there is no experiment "tabel"; there are table, /],
  ];
  for (const [flags, expected] of refused) {
    const { code, stderr } = await runProcess([...taskCommand("plan"), ...flags], { cwd: folder });
    assert.equal(code, 2, stderr);
    assert.match(stderr, expected);
  }
});

Deno.test("deno task plan refuses an experiment that draws its phantoms, and names one of the same base", async () => {
  await assert.rejects(
    main(["published-order", "--scale", "smoke", "--dataset", "phantoms", "--data", folder]),
    /published-order draws phantoms of several kinds itself, of which --data names one: plan table, whose arms/,
  );
});
