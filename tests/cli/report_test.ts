import assert from "node:assert/strict";
import { join } from "node:path";
import { singleRunFixture } from "../viz/report/fixture.ts";
import { runTask } from "../process.ts";

/** Calls `body` with a folder of two runs with different methods, `a` and `b`, and one with other labels, `c`. */
async function withRuns(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const options = { studies: 40, labels: ["Edema", "Pneumonia"] };
    const runs = {
      a: singleRunFixture(options),
      b: singleRunFixture({ ...options, methods: ["poe"] }),
      c: singleRunFixture({ ...options, labels: ["Edema", "Fracture"], methods: ["avg"] }),
    };
    for (const [name, results] of Object.entries(runs)) {
      await Deno.mkdir(join(folder, name));
      await Deno.writeTextFile(join(folder, name, "results.json"), JSON.stringify(results));
    }
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("`deno task report RUN` writes the report next to the results and prints its path", async () => {
  await withRuns(async (folder) => {
    const { code, stdout, stderr } = await runTask(["report", join(folder, "a")]);
    assert.equal(stderr, "");
    assert.equal(code, 0);
    assert.equal(stdout.trim(), `report: ${join(folder, "a", "report.html")}`);
    const html = await Deno.readTextFile(join(folder, "a", "report.html"));
    assert.match(html, /^<!doctype html>/);
    assert.match(html, /0\.863/, "the published AUROC of Edema");
    assert.deepEqual([...Deno.readDirSync(join(folder, "a"))].map(({ name }) => name).sort(), [
      "report.html",
      "results.json",
    ]);
  });
});

Deno.test("`deno task report RUN RUN` writes a comparison with paired differences to --out", async () => {
  await withRuns(async (folder) => {
    const out = join(folder, "new", "both.html");
    const { code, stderr } = await runTask([
      "report",
      join(folder, "a"),
      join(folder, "b", "results.json"),
      "--out",
      out,
    ]);
    assert.equal(stderr, "");
    assert.equal(code, 0);
    const html = await Deno.readTextFile(out);
    assert.match(html, /data-forest="0"/);
    assert.match(html, /PoE/);
  });
});

Deno.test("`deno task report` rejects invalid arguments and files with a one-line error", async () => {
  await withRuns(async (folder) => {
    const refusals: [string[], number, RegExp][] = [
      [["report"], 2, /missing required argument 'run'/],
      [["report", join(folder, "nobody")], 1, /results\.json does not exist: `deno task evaluate nobody` writes it/],
      [["report", join(folder, "a"), join(folder, "c")], 1, /different labels \(Pneumonia, Fracture in one only\)/],
      [["report", join(folder, "a"), "--out", folder], 1, /is a folder: name the file/],
    ];
    await Deno.writeTextFile(join(folder, "broken.json"), '{"schema": "mmvm-results", "version": 99}');
    refusals.push([["report", join(folder, "broken.json")], 1, /version 99/]);
    for (const [args, expected, message] of refusals) {
      const { code, stderr } = await runTask(args);
      assert.match(stderr, message);
      assert.match(stderr, /^error: .*\n$/);
      assert.equal(code, expected, stderr);
    }
  });
});

Deno.test("`deno task report` shows identifiers only on request", async () => {
  await withRuns(async (folder) => {
    const html = join(folder, "a", "report.html");
    const id = singleRunFixture({ studies: 40, labels: ["Edema", "Pneumonia"] }).cases[0]!.studyIds[0]!;
    await runTask(["report", join(folder, "a")]);
    assert.ok(!(await Deno.readTextFile(html)).includes(id));
    await runTask(["report", join(folder, "a"), "--include-ids"]);
    assert.ok((await Deno.readTextFile(html)).includes(id));
  });
});
