/**
 * Every notebook runs in Deno and shows what it says.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { writePhantoms } from "../../phantoms/mod.ts";
import { ROOT, runDeno } from "../process.ts";
import { readNotebook, runNotebook } from "./run_notebook.ts";

/** What each notebook displays. */
const EXPECTED: Readonly<Record<string, readonly RegExp[]>> = {
  "explore_data.ipynb": [
    /^displayed Markdown$/,
    /^displayed plot of \d{4,} characters$/,
    /^displayed image of \d{4,} bytes$/,
    /^displayed plot of \d{4,} characters$/,
  ],
  "explore_run.ipynb": Array(3).fill(/^displayed plot of \d{4,} characters$/),
};

/** Trains a tiny run on phantoms in a folder, with the task itself. */
async function trainRun(folder: string): Promise<string> {
  const { root } = await writePhantoms(join(folder, "phantoms"), { studies: 40, seed: 1, scale: 0.05 });
  const flags = ["--quiet", "--no-check", "--no-prompt", "--cached-only", "-P=graphics", "--allow-read"];
  const sizes = ["--filter-dim", "1", "--latent-dim", "2", "--epochs", "1", "--batch-size", "8", "--no-tune"];
  const { code, stderr } = await runDeno(
    [
      "run",
      ...flags,
      "--allow-write",
      "--allow-sys=statfs,systemMemoryInfo",
      join(ROOT, "cli/train.ts"),
      "--data",
      root,
      ...sizes,
    ],
    { cwd: folder, env: { INIT_CWD: null } },
  );
  assert.equal(code, 0, stderr);
  return join(folder, "runs/default");
}

Deno.test("every notebook is run, opens with a title and is written for Deno's kernel", async () => {
  const names = [...Deno.readDirSync(join(ROOT, "notebooks"))].map(({ name }) => name);
  assert.deepEqual(names.filter((name) => name.endsWith(".ipynb")).sort(), Object.keys(EXPECTED).sort());
  for (const name of Object.keys(EXPECTED)) {
    const { cells: [first] } = await readNotebook(name);
    assert.equal(first!.cell_type, "markdown");
    assert.match(first!.source[0]!, /^# /);
  }
});

Deno.test("the notebooks run and display plots, tables and pictures", async () => {
  const folder = await Deno.makeTempDir({ prefix: "mmvm_notebook_" });
  try {
    const run = await trainRun(folder);
    for (const [name, expected] of Object.entries(EXPECTED)) {
      const displayed = await runNotebook(name, { MMVM_RUN: run, MMVM_DATA: join(folder, "phantoms") });
      assert.equal(displayed.length, expected.length, displayed.join("\n"));
      expected.forEach((pattern, i) => assert.match(displayed[i]!, pattern));
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
