import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { CHEST_LABELS } from "../../../data/index/labels.ts";
import { detectDataset, openDataset, pairStudies, preparePixels, summarizeIndex } from "../../../data/mod.ts";
import { inTempDir, SMALL_JPEG } from "../fixture.ts";

/** CheXpert's own order of columns differs from MIMIC-CXR-JPG's. */
const LABELS = [
  "No Finding",
  "Enlarged Cardiomediastinum",
  "Cardiomegaly",
  "Lung Opacity",
  "Lung Lesion",
  "Edema",
  "Consolidation",
  "Pneumonia",
  "Atelectasis",
  "Pneumothorax",
  "Pleural Effusion",
  "Pleural Other",
  "Fracture",
  "Support Devices",
];

interface Row {
  path: string;
  side?: string;
  position?: string;
  labels?: Record<string, string>;
}

function writeTable(file: string, rows: readonly Row[]): void {
  const lines = rows.map(({ path, side = "Frontal", position = "AP", labels = {} }) =>
    [path, "Female", 68, side, position, ...LABELS.map((label) => labels[label] ?? "")].join(",")
  );
  Deno.mkdirSync(dirname(file), { recursive: true });
  Deno.writeTextFileSync(file, [`Path,Sex,Age,Frontal/Lateral,AP/PA,${LABELS.join(",")}`, ...lines].join("\n") + "\n");
}

/** A patient with a study of a frontal and a lateral image. */
function study(part: string, patient: number, labels: Record<string, string> = {}): Row[] {
  const folder = `CheXpert-v1.0-small/${part}/patient${String(patient).padStart(5, "0")}/study1`;
  return [
    { path: `${folder}/view1_frontal.jpg`, labels },
    { path: `${folder}/view2_lateral.jpg`, side: "Lateral", position: "", labels },
  ];
}

function writeImages(root: string, rows: readonly Row[]): void {
  for (const { path } of rows) {
    const file = join(root, path);
    Deno.mkdirSync(dirname(file), { recursive: true });
    Deno.writeFileSync(file, SMALL_JPEG);
  }
}

Deno.test("CheXpert is read from its folder or the one around it, labels by name, split by patient", () =>
  inTempDir(async (root) => {
    const train = Array.from({ length: 18 }, (_, i) => study("train", i, { Edema: "1.0", Cardiomegaly: "-1.0" }))
      .flat();
    const valid = [0, 1].flatMap((i) => study("valid", 100 + i, { Fracture: "0.0" }));
    const folder = join(root, "CheXpert-v1.0-small");
    writeTable(join(folder, "train.csv"), train);
    writeTable(join(folder, "valid.csv"), valid);
    writeImages(root, [...train, ...valid]);
    for (const directory of [root, folder]) {
      assert.equal(detectDataset(directory), "chexpert");
      const index = await openDataset({ root: directory });
      assert.equal(index.policies.splits, "paper", "without test.csv the official split has no test part");
      const summary = summarizeIndex(index, pairStudies(index));
      assert.deepEqual(summary.images, { listed: 40, usable: 40 });
      assert.deepEqual(Object.values(summary.splits).map(({ subjects }) => subjects), [16, 2, 2]);
      assert.deepEqual(summary.labels["Edema"], { positive: 18, negative: 0, uncertain: 0, blank: 2 });
      assert.deepEqual(index.labels, CHEST_LABELS);
      assert.deepEqual(index.studies.ids[0], "patient00000/study1");
      const official = await openDataset({ root: directory, splits: "official" });
      const { splits } = summarizeIndex(official, pairStudies(official));
      assert.deepEqual(Object.values(splits).map(({ subjects }) => subjects), [18, 2, 0]);
      const pixels = await preparePixels(official, { cacheDir: join(root, "cache"), imageSize: 8, workers: 1 });
      assert.ok(pixels.isReady(39));
    }
  }));

Deno.test("CheXpert's bad rows are skipped, counted and named", () =>
  inTempDir(async (root) => {
    const rows = [
      ...study("train", 1),
      ...study("train", 2, { Edema: "often" }),
      { path: "../../etc/passwd" },
      { path: "/etc/passwd" },
      { path: "CheXpert-v1.0-small/train/nobody/view1_frontal.jpg" },
      study("train", 1)[0]!,
      {
        ...study("train", 1)[0]!,
        path: "CheXpert-v1.0-small/train/patient00001/study1/view3_frontal.jpg",
        labels: { Edema: "1.0" },
      },
    ];
    writeTable(join(root, "train.csv"), rows);
    const index = await openDataset({ root, checkFiles: false });
    assert.deepEqual(index.drops.entries().map(({ reason, count }) => [reason, count]), [
      ["path could leave the data directory", 2],
      ["path names no patient and study", 1],
      ["image identifier was listed before", 1],
      ["row's labels differ from those of the study's first row", 1],
      ["label is none of 1, 0, -1 and blank", 1],
    ]);
    assert.match(index.drops.entries().at(-1)!.examples[0]!, /train\.csv, line 4, column "Edema": "often"/);
    assert.equal(pairStudies(index).count, 2);
    await assert.rejects(openDataset({ root, strict: true }), /train\.csv, line 6: "\.\.\/\.\.\/etc\/passwd"/);
  }));

Deno.test("a CheXpert patient in two tables is refused", () =>
  inTempDir(async (root) => {
    writeTable(join(root, "train.csv"), study("train", 1));
    writeTable(join(root, "valid.csv"), study("valid", 1));
    await assert.rejects(
      openDataset({ root, splits: "official" }),
      /valid\.csv, line 2, column "Path": patient00001 is in validate here and in train before/,
    );
  }));
