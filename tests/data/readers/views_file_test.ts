import assert from "node:assert/strict";
import { join } from "node:path";
import { DataError, dropEntries, openDataset, pairStudies } from "../../../data/mod.ts";
import { inTempDir, plainImages, writeMimic } from "../fixture.ts";

const HEADER = "image,position,view,part,suspicious,frontal,lateral,other";

/** A data set with two blank positions (d0, d1), and a views file of these lines. */
async function open(root: string, lines: readonly string[], options: { strict?: boolean } = {}) {
  const images = plainImages();
  for (const blank of [0, 1]) images[blank] = { ...images[blank]!, position: "" };
  writeMimic(join(root, "data"), { images });
  const viewsFile = join(root, "views.csv");
  Deno.writeTextFileSync(viewsFile, [HEADER, ...lines].join("\n") + "\n");
  return await openDataset({ root: join(root, "data"), viewsFile, ...options });
}

Deno.test("a views file names the views of blank positions only, and lists the labels it contradicts", () =>
  inTempDir(async (root) => {
    const index = await open(root, [
      "d0,,frontal,blank,0,0.9,0.1,0",
      "d1,,other,blank,0,0.1,0.1,0.8",
      "d2,AP,lateral,train,1,0.01,0.99,0",
      "d3,LL,frontal,train,0,0.6,0.4,0",
      "unknown,,frontal,blank,0,1,0,0",
    ], { strict: true });
    const viewOf = (id: string) => index.images.view[index.images.ids.indexOf(id)];
    assert.deepEqual(["d0", "d1", "d2", "d3"].map(viewOf), [0, -1, 0, 1]);
    const notes = dropEntries(index, pairStudies(index)).filter(({ step }) => step === "views");
    assert.deepEqual(notes.map(({ reason, count, kept }) => [reason, count, kept ?? false]), [
      ["view position is blank; the view is the views file's (kept)", 1, true],
      ["labelled view is confidently contradicted by the views file (kept)", 1, true],
      ["row of the views file is about an unlisted image", 1, true],
      ["view position is blank", 1, false],
    ]);
    assert.match(notes[1]!.examples[0]!, /d2\.jpg: lateral$/);
  }));

Deno.test("a views file of another data set, or with unknown views or probabilities, is refused with its place", () =>
  inTempDir(async (root) => {
    const cases: [string[], RegExp][] = [
      [["x,,frontal,blank,0,1,0,0"], /none of the 1 images of this views file is in the data set/],
      [["d0,,frontal,blank,0,1,0,0", "d1,,oblique,blank,0,1,0,0"], /oblique.* is no view; frontal, lateral, other are/],
      [["d0,,frontal,blank,0,1,0,1.5"], /1\.5.* is no probability from 0 to 1/],
      [["d0,,frontal,blank,0,,0,1"], /is no probability from 0 to 1/],
    ];
    for (const [lines, message] of cases) {
      await assert.rejects(() => open(root, lines), (error) => {
        assert.ok(error instanceof DataError && error.file?.endsWith("views.csv"), String(error));
        assert.match(error.message, message);
        return true;
      });
    }
    Deno.removeSync(join(root, "views.csv"));
    await assert.rejects(
      () => openDataset({ root: join(root, "data"), viewsFile: join(root, "views.csv") }),
      DataError,
    );
  }));
