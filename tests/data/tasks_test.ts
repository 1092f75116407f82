import assert from "node:assert/strict";
import { join } from "node:path";
import { RunningProcess, runProcess, taskCommand } from "../process.ts";
import { inTempDir, plainImages, SMALL_JPEG, writeMimic } from "./fixture.ts";

/** Runs a task's program with the task's own permissions. */
async function run(task: string, ...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const { code, stdout, stderr } = await runProcess([...taskCommand(task), ...args]);
  return { code, out: stdout, err: stderr };
}

Deno.test("deno task data prints the cohort and the labels, or one JSON object", () =>
  inTempDir(async (root) => {
    const images = plainImages();
    images[0] = { ...images[0]!, content: null };
    images[5] = { ...images[5]!, content: SMALL_JPEG.slice(0, 200) };
    writeMimic(root, { images });
    const text = await run("data", root);
    assert.equal(text.code, 0, text.err);
    assert.match(text.out, /^step +images +studies +patients +left out\nlisted +40 +20 +10$/m);
    assert.match(text.out, /^listed +40 +20 +10\nfiles +39 +20 +10 +image file is missing \(1\)$/m);
    assert.match(text.out, /^Support Devices +0 +0 +0 +19$/m);
    assert.doesNotMatch(text.out, /texts/);
    const report = join(root, "files/p10/p10000001/s50000002.txt");
    Deno.writeTextFileSync(report, "FINDINGS: The lungs are clear.\nIMPRESSION: Normal.\n");
    const texts = await run("data", root, "--text", "impression");
    assert.match(
      texts.out,
      /^texts: impression\n.*\nlisted +20 +0 +1 +0 +0 +19 +0 +0 +0\nin pairs +19 +0 +1 +0 +0 +18 +0 +0 +0$/m,
    );
    assert.match(texts.out, /^train +1 +2 +2 +2 +2 +2$/m);
    Deno.removeSync(report);
    const json = await run("data", root, "--json", "--check-images");
    assert.equal(json.code, 0, json.err);
    const summary = JSON.parse(json.out);
    assert.deepEqual(Object.keys(summary), [
      "images",
      "subjects",
      "studies",
      "pairs",
      "views",
      "splits",
      "dropped",
      "labels",
    ]);
    assert.deepEqual(summary.images, { listed: 40, usable: 38 });
    assert.deepEqual(summary.views, { frontal: 19, lateral: 19 });
    assert.deepEqual(summary.splits.train, { subjects: 8, studies: 14, pairs: 14 });
    assert.deepEqual(summary.labels.Edema, { positive: 0, negative: 0, uncertain: 0, blank: 18 });
    assert.deepEqual(summary.dropped.map(({ count }: { count: number }) => count), [1, 1, 1, 1]);
  }));

Deno.test("deno task data exits with 1 for bad input and with 2 for wrong usage, in one sentence", () =>
  inTempDir(async (root) => {
    const images = plainImages();
    images[0] = { ...images[0]!, content: null };
    writeMimic(root, { images });
    const cases: [string[], number, RegExp][] = [
      [[join(root, "no")], 1, /^error: .*no: there is no such data directory\n$/],
      [
        [root, "--strict"],
        1,
        /^error: files\/.*d0\.jpg: image file is missing \(--strict makes every skip an error\)\n$/,
      ],
      [
        [root, "--pairs", "some"],
        2,
        /^error: --pairs must be all-combinations, one-frontal-one-lateral or all-combinations-missing/,
      ],
      [[], 2, /^error: deno task data takes a data directory/],
    ];
    for (const [args, code, says] of cases) {
      const result = await run("data", ...args);
      assert.equal(result.code, code, result.err);
      assert.match(result.err, says);
      assert.equal(result.out, "");
    }
  }));

Deno.test("deno task prepare prints what it will write, what it skipped and where the pixels are", () =>
  inTempDir(async (root) => {
    const images = plainImages();
    images[5] = { ...images[5]!, content: SMALL_JPEG.slice(0, 200) };
    writeMimic(join(root, "mimic"), { images });
    const args = ["--data", join(root, "mimic"), "--cache", join(root, "cache"), "--image-size", "16"];
    const first = await run("prepare", ...args);
    assert.equal(first.code, 0, first.err);
    assert.match(first.err, /^40 images, 40 to prepare: 0 MiB in /);
    assert.match(
      first.err,
      /skipped: image cannot be decoded: 1, for example files\/.*d5\.jpg: the JPEG data is truncated or corrupt/,
    );
    assert.ok((await Deno.stat(join(first.out.trim(), "manifest.json"))).isFile);
    const second = await run("prepare", ...args);
    assert.match(second.err, /^40 images, 0 to prepare/);
    assert.equal(second.out, first.out);
  }));

Deno.test("deno task prepare stopped by SIGINT keeps its progress and resumes", () =>
  inTempDir(async (root) => {
    const portrait = await Deno.readFile(new URL("./golden/portrait_64.jpg", import.meta.url));
    writeMimic(join(root, "mimic"), { images: plainImages(150).map((image) => ({ ...image, content: portrait })) });
    const args = ["--data", join(root, "mimic"), "--cache", join(root, "cache"), "--workers", "1"];
    const child = new RunningProcess([...taskCommand("prepare"), ...args]);
    // Wait for the first progress line: at least one image is done, and a second of work remains.
    await child.until("preparing");
    child.kill("SIGINT");
    const { code, stderr: err } = await child.ended;
    assert.equal(code, 130, err);
    assert.match(
      err,
      /600 images, 600 to prepare.*SIGINT: saving what is prepared.*stopped; run the same command again to resume/s,
    );
    const second = await run("prepare", ...args);
    assert.equal(second.code, 0, second.err);
    const missing = Number(/600 images, (\d+) to prepare/.exec(second.err)![1]);
    assert.ok(missing > 0 && missing < 600, `${missing} were left`);
  }));
