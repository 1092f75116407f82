/**
 * Tests of the reader of NIH ChestX-ray14.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { CHEST_LABELS, openDataset, pairsOfSplit, pairStudies } from "../../../../data/mod.ts";
import { nihLabels } from "../../../../data/readers/nih/read_nih.ts";
import { inTempDir, SMALL_JPEG } from "../../fixture.ts";

/** A small ChestX-ray14, made up: 20 patients with two images, of which the last 4 test. */
function writeNih(root: string, options: { lists?: boolean } = {}): void {
  const images = Array.from({ length: 40 }, (_, i) => {
    return `${String(1 + Math.floor(i / 2)).padStart(8, "0")}_${String(i % 2).padStart(3, "0")}.png`;
  });
  const findings = ["No Finding", "Cardiomegaly|Effusion", "Hernia", "Pleural_Thickening|Mass"];
  const rows = images.map((image, i) =>
    `${image},${findings[i % 4]},${i % 2},1,57,M,${i % 2 ? "AP" : "PA"},2682,2749,0.143,0.143,`
  );
  const header = "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position," +
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y],";
  const bad = ["secret.png,No Finding,0,1,1,M,PA,1,1,1,1,", `${images[0]},No Finding,0,1,1,M,PA,1,1,1,1,`];
  bad.push("00000021_000.png,Secret,0,21,1,M,PA,1,1,1,1,");
  Deno.mkdirSync(join(root, "images_001/images"), { recursive: true });
  Deno.writeTextFileSync(join(root, "Data_Entry_2017_v2020.csv"), [header, ...rows, ...bad].join("\n") + "\n");
  for (const image of [...images, "00000021_000.png"]) {
    Deno.writeFileSync(join(root, "images_001/images", image), SMALL_JPEG);
  }
  if (options.lists === false) return;
  Deno.writeTextFileSync(join(root, "train_val_list.txt"), images.slice(0, 32).join("\n"));
  Deno.writeTextFileSync(join(root, "test_list.txt"), images.slice(32).join("\r\n") + "\r\n");
}

Deno.test("openDataset() reads ChestX-ray14 with its official split, of which an eighth validates", () =>
  inTempDir(async (root) => {
    writeNih(root);
    const index = await openDataset({ root });
    assert.equal(index.dataset, "nih");
    assert.deepEqual(index.views, ["frontal"]);
    assert.equal(index.policies.splits, "official");
    const pairs = pairStudies(index);
    const counts = (["train", "validate", "test"] as const).map((split) => pairsOfSplit(index, pairs, split).count);
    assert.deepEqual(counts, [28, 4, 8]);
    assert.equal(index.source.name(0), "images_001/images/00000001_000.png");
    const log = index.drops.entries().map(({ reason, count }) => [reason, count]);
    assert.deepEqual(log.sort(), [
      ["image identifier was listed before", 1],
      ["image is in no list of a split", 1],
      ["image's name is not of the form 00000001_000.png", 1],
      ["label is none of ChestX-ray14's", 1],
    ]);
    assert.doesNotMatch(JSON.stringify(index.drops.entries()), /secret/i);
    const again = await openDataset({ root, splitSeed: 1 });
    assert.notDeepEqual(again.subjects.split, index.subjects.split);
  }));

Deno.test("openDataset() splits ChestX-ray14 by patient without its lists, and refuses a patient in both", () =>
  inTempDir(async (root) => {
    writeNih(root, { lists: false });
    assert.equal((await openDataset({ root })).policies.splits, "paper");
    await assert.rejects(openDataset({ root, splits: "official" }), /train_val_list\.txt is missing/);
    Deno.writeTextFileSync(join(root, "train_val_list.txt"), "00000001_000.png\n");
    Deno.writeTextFileSync(join(root, "test_list.txt"), "00000001_001.png\n");
    await assert.rejects(openDataset({ root }), /test_list\.txt: a patient is in both lists/);
  }));

Deno.test("nihLabels() maps the collection's labels and leaves those that it lacks blank", () => {
  const states = (cell: string) => Object.fromEntries(CHEST_LABELS.map((label, i) => [label, nihLabels(cell)?.[i]]));
  const found = states("Effusion|Infiltration|Nodule");
  assert.deepEqual([found["Pleural Effusion"], found["Lung Opacity"], found["Lung Lesion"], found.Edema], [1, 1, 1, 2]);
  assert.deepEqual([found.Fracture, found["Support Devices"], found["Enlarged Cardiomediastinum"]], [0, 0, 0]);
  assert.equal(states("No Finding")["No Finding"], 1);
  assert.equal(states("Hernia")["No Finding"], 2);
  assert.equal(nihLabels("Pleural Thickening")?.[CHEST_LABELS.indexOf("Pleural Other")], 1);
  assert.equal(nihLabels("constructor"), undefined);
  assert.equal(nihLabels(""), undefined);
});
