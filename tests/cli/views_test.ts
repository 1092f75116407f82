import assert from "node:assert/strict";
import { join } from "node:path";
import { inTempDir } from "../data/fixture.ts";
import { phantomStudies } from "../../phantoms/patients.ts";
import { writePhantoms } from "../../phantoms/mod.ts";
import { openDataset } from "../../data/mod.ts";
import { runTask } from "../process.ts";

Deno.test("deno task views tells the views of blank positions, and --views-file uses them", () =>
  inTempDir(async (root) => {
    const data = join(root, "phantoms");
    await writePhantoms(data, { studies: 200, seed: 2, scale: 0.03, layout: "mimic-dicom", blankPositions: 0.1 });
    const out = join(root, "views.csv");
    const cache = join(root, "cache");
    const made = await runTask(["views", "--data", data, "--out", out, "--image-size", "32", "--cache", cache]);
    assert.equal(made.code, 0, made.stderr);
    const shareOf = (line: string) =>
      Number(new RegExp(`${line}: (\\d\\.\\d+) \\(95 % interval `).exec(made.stdout)?.[1]);
    assert.ok(shareOf("of those labelled frontal or lateral") > 0.98, made.stdout);
    // Phantoms of rare positions look like the others, so they cannot be told apart.
    assert.ok(shareOf("accuracy on held-out patients") > 0.94, made.stdout);
    // What the phantoms really show.
    const truth = new Map<string, number>();
    for (const { images } of phantomStudies(2, 200)) {
      for (const { dicomId, projection } of images) truth.set(dicomId, /AP|PA/.test(projection) ? 0 : 1);
    }
    const [without, using] = [await openDataset({ root: data }), await openDataset({ root: data, viewsFile: out })];
    const blank = [...without.images.view.keys()].filter((image) =>
      without.images.positions[without.images.position[image]!] === ""
    );
    assert.ok(blank.length > 25);
    const right = blank.filter((image) => using.images.view[image] === truth.get(using.images.ids[image]!)).length;
    assert.ok(right / blank.length > 0.95, `${right} of ${blank.length}`);
    using.images.view.forEach((view, image) => {
      if (!blank.includes(image)) assert.equal(view, without.images.view[image]);
    });
    const shown = await runTask(["data", data, "--views-file", out]);
    assert.match(shown.stdout, /view position is blank; the view is the views file's \(kept\): \d+, for example files/);
  }));

Deno.test("deno task views refuses wrong usage and data without views in one sentence", () =>
  inTempDir(async (root) => {
    const cases: [string[], number, RegExp][] = [
      [[], 2, /--data DIR is required/],
      [["--data", root, "--image-size", "30"], 2, /--image-size must be a multiple of 4, not 30/],
      [
        ["--data", root, "--window", "12"],
        2,
        /--window must be full, file, file:2 .* or CENTER,WIDTH such as 2048,4096/,
      ],
      [["--data", join(root, "no")], 1, /there is no such data directory/],
    ];
    for (const [args, code, message] of cases) {
      const ended = await runTask(["views", ...args]);
      assert.equal(ended.code, code, ended.stderr);
      assert.match(ended.stderr, message);
      assert.equal(ended.stderr.trim().split("\n").length, 1, ended.stderr);
    }
  }));
