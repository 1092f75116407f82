import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { CHEST_LABELS } from "../../../data/index/labels.ts";
import { detectDataset, openDataset, pairStudies, preparePixels, summarizeIndex } from "../../../data/mod.ts";
import { inTempDir, SMALL_JPEG } from "../fixture.ts";

/** CheXpert's column order differs from MIMIC-CXR-JPG's. */
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

/** A patient with one study of a frontal and a lateral image. */
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

Deno.test("CheXpert is read from its folder or the parent folder, with labels by name, split by patient", () =>
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

/** Writes images to paths other than those in the rows. */
function writeMoved(root: string, rows: readonly Row[], move: (path: string) => string): void {
  writeImages(root, rows.map((row) => ({ ...row, path: move(row.path) })));
}

const TRAIN = [1, 2, 3, 4].flatMap((patient) => study("train", patient, { Edema: "1.0" }));
const VALID = [5, 6].flatMap((patient) => study("valid", patient, { Edema: "0.0" }));
const TEST = [7, 8, 9].flatMap((patient) => study("test", patient, { Edema: "1" }));

async function countsOf(root: string) {
  const index = await openDataset({ root, splits: "official", strict: true });
  const { images, splits } = summarizeIndex(index, pairStudies(index));
  return [images.listed, images.usable, ...Object.values(splits).map(({ pairs }) => pairs)];
}

Deno.test("CheXpert is read from the batches of the full-size download", () =>
  inTempDir(async (root) => {
    const download = join(root, "chexpertchestxrays-u20210408");
    const batch = (number: number, what: string) => `CheXpert-v1.0 batch ${number} (${what})`;
    writeTable(join(download, batch(1, "validate & csv"), "train.csv"), TRAIN);
    writeTable(join(download, batch(1, "validate & csv"), "valid.csv"), VALID);
    writeTable(join(download, "train_cheXbert.csv"), TRAIN);
    writeMoved(download, VALID, (path) => path.replace("CheXpert-v1.0-small", batch(1, "validate & csv")));
    writeMoved(download, TRAIN, (path) => {
      const number = /patient0000[12]/.test(path) ? 2 : 3;
      return path.replace("CheXpert-v1.0-small/train", batch(number, `train ${number - 1}`));
    });
    for (const directory of [root, download]) {
      assert.equal(detectDataset(directory), "chexpert");
      assert.deepEqual(await countsOf(directory), [12, 12, 4, 2, 0]);
    }
    const index = await openDataset({ root });
    const pixels = await preparePixels(index, { cacheDir: join(root, "cache"), imageSize: 8, workers: 1 });
    assert.ok(pixels.isReady(0) && pixels.isReady(11));
  }));

Deno.test("CheXpert's official test labels are read, with views from the image names", () =>
  inTempDir(async (root) => {
    const lines = TEST.map(({ path, labels = {} }) =>
      [path.replace("CheXpert-v1.0-small/", ""), ...LABELS.map((label) => labels[label] ?? "0")].join(",")
    );
    const places = [join(root, "a"), join(root, "b/CheXpert-v1.0-small"), join(root, "c/chexlocalize/CheXpert")];
    for (const place of places) {
      const home = place.includes("chexlocalize") ? join(root, "c/CheXpert-v1.0-small") : place;
      writeTable(join(home, "train.csv"), TRAIN);
      writeTable(join(home, "valid.csv"), VALID);
      writeMoved(home, [...TRAIN, ...VALID], (path) => path.replace("CheXpert-v1.0-small/", ""));
      writeMoved(place, TEST, (path) => path.replace("CheXpert-v1.0-small/", ""));
      await Deno.writeTextFile(join(place, "test_labels.csv"), [`Path,${LABELS.join(",")}`, ...lines].join("\n"));
    }
    for (const name of ["a", "b", "c"]) assert.deepEqual(await countsOf(join(root, name)), [18, 18, 4, 2, 3], name);
    const index = await openDataset({ root: join(root, "a") });
    assert.equal(index.policies.splits, "official");
    assert.deepEqual([...index.images.view.subarray(12)], [0, 1, 0, 1, 0, 1]);
  }));

Deno.test("CheXpert's per-study labels apply to all images in the study's folder", () =>
  inTempDir(async (root) => {
    writeTable(join(root, "train.csv"), TRAIN);
    writeMoved(root, [...TRAIN, ...TEST], (path) => path.replace("CheXpert-v1.0-small/", ""));
    const rows = [7, 8].map((patient) => [`CheXpert-v1.0/test/patient0000${patient}/study1`, ...LABELS.map(() => "1")]);
    rows.push(["CheXpert-v1.0/test/patient99999/study1", ...LABELS.map(() => "1")]);
    await Deno.writeTextFile(join(root, "groundtruth.csv"), [["Study", ...LABELS], ...rows].join("\n"));
    const index = await openDataset({ root });
    const { splits, labels } = summarizeIndex(index, pairStudies(index));
    assert.deepEqual(Object.values(splits).map(({ pairs }) => pairs), [4, 0, 2]);
    assert.equal(labels["Fracture"]!.positive, 2);
    assert.deepEqual(index.drops.entries().map(({ reason, count }) => [reason, count]), [
      ["row names neither an image nor the folder of a study", 1],
    ]);
  }));

Deno.test("of two copies of CheXpert the one with the table is read", () =>
  inTempDir(async (root) => {
    for (const name of ["CheXpert-v1.0", "CheXpert-v1.0-small"]) {
      writeTable(join(root, name, "train.csv"), TRAIN);
      writeMoved(root, TRAIN, (path) => path.replace("CheXpert-v1.0-small", name));
    }
    const small = await openDataset({ root: join(root, "CheXpert-v1.0-small") });
    const both = await openDataset({ root });
    const place = (index: typeof both) => index.source.locate(0);
    const image = "train/patient00001/study1/view1_frontal.jpg";
    assert.deepEqual(place(small), { kind: "file", path: join(root, "CheXpert-v1.0-small", image) });
    assert.deepEqual(place(both), { kind: "file", path: join(root, "CheXpert-v1.0", image) });
  }));

Deno.test("CheXpert with only the validation images present is refused", () =>
  inTempDir(async (root) => {
    const many = Array.from({ length: 20 }, (_, i) => study("train", i)).flat();
    const valid = study("valid", 100);
    writeTable(join(root, "CheXpert-v1.0-small/train.csv"), many);
    writeTable(join(root, "CheXpert-v1.0-small/valid.csv"), valid);
    writeImages(root, valid);
    await assert.rejects(
      openDataset({ root }),
      /40 of 42 images cannot be used: image file is missing \(40, for example/,
    );
  }));
