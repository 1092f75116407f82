import assert from "node:assert/strict";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { DataError } from "../../../base/errors.ts";
import { CHEST_LABELS } from "../../../data/index/labels.ts";
import { cohortTable, detectDataset, openDataset, pairStudies, summarizeIndex } from "../../../data/mod.ts";
import { inTempDir, type MimicFixture, plainImages, writeMimic, writeTable } from "../fixture.ts";

type Options = Partial<Parameters<typeof openDataset>[0]>;

async function open(fixture: MimicFixture, options: Options = {}) {
  let result: { index: Awaited<ReturnType<typeof openDataset>> } | undefined;
  await inTempDir(async (root) => {
    writeMimic(root, fixture);
    result = { index: await openDataset({ root, ...options }) };
  });
  return result!.index;
}

function drops(index: Awaited<ReturnType<typeof openDataset>>): [string, number][] {
  return index.drops.entries().map(({ reason, count }) => [reason, count]);
}

/** Checks that a fault is skipped and counted by default, and is an error that names it in strict mode. */
async function skips(
  fixture: MimicFixture,
  expected: { reason: string; example: RegExp; count?: number; pairs: number },
) {
  const index = await open(fixture);
  assert.deepEqual(drops(index), [[expected.reason, expected.count ?? 1]]);
  assert.match(index.drops.entries()[0]!.examples[0]!, expected.example);
  assert.equal(pairStudies(index).count, expected.pairs);
  await assert.rejects(open(fixture, { strict: true }), (error) => {
    assert.ok(error instanceof DataError);
    assert.match(error.message, expected.example);
    return true;
  });
}

const replace = (from: string | RegExp, to: string) => (text: string) => {
  assert.ok(text.search(from) >= 0, "the edit changes the table");
  return text.replace(from, to);
};

for (const gzip of [true, false]) {
  Deno.test(`readMimic() reads studies, images and labels from ${gzip ? "gzipped" : "plain"} tables`, async () => {
    const images = plainImages(3);
    const labels = { "50000000": { Edema: "1.0", Pneumonia: "-1.0", Fracture: "0.0" } };
    for (const { study } of images) {
      Object.assign(labels, study === "50000000" ? {} : { [study]: { "No Finding": "1.0" } });
    }
    const index = await open({ images, labels, gzip }, { uncertain: "ignore", blank: "ignore" });
    assert.equal(index.dataset, "mimic-cxr");
    assert.equal(index.synthetic, false);
    assert.deepEqual([index.subjects.count, index.studies.count, index.images.count, index.listed], [3, 6, 12, 12]);
    assert.deepEqual([...index.subjects.split], [0, 1, 2]);
    assert.deepEqual([...index.images.view.subarray(0, 4)], [0, 1, 0, 1]);
    assert.deepEqual(index.images.positions, ["PA", "LATERAL", "AP", "LL"]);
    assert.equal(index.source.name(3), "files/p10/p10000000/s50000001/d3.jpg");
    const state = (label: string) => index.labelState(0, CHEST_LABELS.indexOf(label));
    assert.deepEqual(["Edema", "Fracture", "Pneumonia", "Atelectasis"].map(state), [1, 2, 3, 0]);
    assert.deepEqual(drops(index), []);
  });
}

Deno.test("readMimic() finds columns by name, whatever their order", async () => {
  const reorder = (text: string) => text.split("\n").map((line) => line.split(",").reverse().join(",")).join("\n");
  const index = await open({ images: plainImages(), edit: { split: reorder, chexpert: reorder } });
  assert.equal(pairStudies(index).count, 20);
});

Deno.test("readMimic() understands a byte order mark, CRLF and quotes", async () => {
  const windows = (text: string) => "\uFEFF" + text.replaceAll("\n", "\r\n").replaceAll(/(\d{8})/g, '"$1"');
  const index = await open({ images: plainImages(), edit: { metadata: windows, split: windows, chexpert: windows } });
  assert.equal(pairStudies(index).count, 20);
  assert.deepEqual(drops(index), []);
});

Deno.test("a missing image is skipped, counted and named", () => {
  const images = plainImages();
  images[0] = { ...images[0]!, content: null };
  return skips({ images }, {
    reason: "image file is missing",
    example: /files\/p10\/p10000000\/s50000000\/d0\.jpg/,
    pairs: 19,
  });
});

Deno.test("a directory or a cyclic link in place of an image is skipped, counted and named", () =>
  inTempDir(async (root) => {
    const images = plainImages();
    writeMimic(root, { images });
    const [circle, directory] = ["d0", "d1"].map((id) => join(root, `files/p10/p10000000/s50000000/${id}.jpg`));
    await Deno.remove(circle!);
    await Deno.remove(directory!);
    await Deno.symlink(circle!, circle!);
    await Deno.mkdir(directory!);
    assert.deepEqual(drops(await openDataset({ root })), [["image file is missing", 2]]);
  }));

Deno.test("an empty image file is skipped, counted and named", () => {
  const images = plainImages();
  images[1] = { ...images[1]!, content: new Uint8Array() };
  return skips({ images }, { reason: "image file is empty", example: /d1\.jpg/, pairs: 19 });
});

Deno.test("a study without a label row is skipped, counted and named", () => {
  const edit = { chexpert: replace(/^10000000,50000001.*\n/m, "") };
  return skips({ images: plainImages(), edit }, {
    reason: "study has no row in the label file",
    example: /study 50000001/,
    pairs: 19,
  });
});

Deno.test("an unknown label value is skipped, counted and named with file, line and column", () => {
  const edit = { chexpert: replace(/^(10000000,50000000,)/m, "$1maybe") };
  return skips({ images: plainImages(), edit }, {
    reason: "label is none of 1, 0, -1 and blank",
    example: /chexpert\.csv\.gz, line 2, column "Atelectasis": "maybe"/,
    pairs: 19,
  });
});

Deno.test("an unknown label column is refused by name", async () => {
  const edit = { chexpert: replace("Pleural Effusion", "Pleural Efusion") };
  await assert.rejects(
    open({ images: plainImages(), edit }),
    /chexpert\.csv\.gz, line 1, column "Pleural Effusion": the column is missing; the header has .*"Pleural Efusion"/,
  );
});

Deno.test("duplicate image identifiers are skipped, counted and named", () => {
  const edit = { metadata: (text: string) => text + "d3,10000000,50000001,x,AP,28,28\n" };
  return skips({ images: plainImages(), edit }, {
    reason: "image identifier was listed before",
    example: /metadata\.csv\.gz, line 42: d3/,
    pairs: 20,
  });
});

Deno.test("a study listed under two subjects is skipped, counted and named", () => {
  const edit = { metadata: (text: string) => text + "dx,10000001,50000000,x,AP,28,28\n" };
  return skips({ images: plainImages(), edit }, {
    reason: "study is listed under another subject before",
    example: /line 42: 50000000/,
    pairs: 20,
  });
});

for (const id of ["../../etc/passwd", "/etc/passwd", "a\0b", "..", ".hidden", "a/b", "a\\b", "", "x".repeat(300)]) {
  Deno.test(`the image identifier ${JSON.stringify(id.slice(0, 20))} never becomes a path`, () => {
    const edit = { metadata: replace(/^d0,/m, `${id},`), split: replace(/^d0,.*\n/m, "") };
    return skips({ images: plainImages(), edit }, {
      reason: "identifier is not safe as a file name",
      example: /metadata\.csv\.gz, line 2: "/,
      pairs: 19,
    });
  });
}

Deno.test("subject and study identifiers that are not numbers never become paths", async () => {
  const edit = {
    metadata: (text: string) => text + "dx,../../..,50000000,x,AP,28,28\ndy,10000000,../..,x,AP,28,28\n",
  };
  const index = await open({ images: plainImages(), edit });
  assert.deepEqual(drops(index), [["identifier is no number of 3 to 15 digits", 2]]);
});

Deno.test("ragged rows are skipped, counted and named", () => {
  const edit = { metadata: replace(/^d0,.*$/m, "d0,10000000"), split: replace(/^d0,.*\n/m, "") };
  return skips({ images: plainImages(), edit }, {
    reason: "row has another number of fields than the header",
    example: /metadata\.csv\.gz, line 2: 2 fields where the header has 7/,
    pairs: 19,
  });
});

Deno.test("an unknown split is skipped, counted and named, and so is its image", async () => {
  const fixture = { images: plainImages(), edit: { split: replace(/^(d0,.*),train$/m, "$1,trial") } };
  const index = await open(fixture);
  assert.deepEqual(drops(index), [["split is none of train, validate and test", 1], [
    "image is not in the split file",
    1,
  ]]);
  assert.match(index.drops.entries()[0]!.examples[0]!, /split\.csv\.gz, line 2, column "split": "trial"/);
  await assert.rejects(open(fixture, { strict: true }), /line 2, column "split": "trial"/);
});

Deno.test("a split file that disagrees with the metadata about a study is skipped, counted and named", async () => {
  const index = await open({ images: plainImages(), edit: { split: replace("d0,50000000,", "d0,50000001,") } });
  assert.equal(drops(index)[0]![0], "split file and metadata disagree about an image's study");
});

Deno.test("a patient in two splits is refused with file, line and column", async () => {
  const edit = { split: replace(/^(d3,.*),train$/m, "$1,test") };
  await assert.rejects(
    open({ images: plainImages(), edit }),
    /split\.csv\.gz, line 5, column "split": subject 10000000 is in test here and in train before/,
  );
});

Deno.test("missing directories, tables and rows are refused in one sentence", () =>
  inTempDir(async (root) => {
    await assert.rejects(openDataset({ root: join(root, "no") }), /no: there is no such data directory/);
    await assert.rejects(openDataset({ root }), /the data directory is empty/);
    await Deno.writeTextFile(join(root, "readme.txt"), "hello");
    await assert.rejects(openDataset({ root }), /no known data set is here; expected are mimic-cxr-2\.0\.0-metadata/);
    await assert.rejects(openDataset({ root, dataset: "mimic-cxr" }), /metadata\.csv\.gz \(or \.csv\) is missing/);
    await assert.rejects(openDataset({ root: join(root, "readme.txt") }), /a data directory is required/);
    writeMimic(join(root, "m"), { images: plainImages(), edit: { metadata: (text) => text.split("\n")[0]! + "\n" } });
    await assert.rejects(openDataset({ root: join(root, "m") }), /the list of images has a header and no rows/);
    writeMimic(join(root, "n"), { images: plainImages() });
    for (const table of ["split", "chexpert"]) {
      await Deno.rename(join(root, `n/mimic-cxr-2.0.0-${table}.csv.gz`), join(root, table));
      await assert.rejects(
        openDataset({ root: join(root, "n") }),
        new RegExp(`${table}\\.csv\\.gz \\(or \\.csv\\) is missing`),
      );
      await Deno.rename(join(root, table), join(root, `n/mimic-cxr-2.0.0-${table}.csv.gz`));
    }
  }));

Deno.test("negbio labels are read when asked for", () =>
  inTempDir(async (root) => {
    writeMimic(root, { images: plainImages() });
    const rows = plainImages().map(({ subject, study }) => `${subject},${study},1.0${",".repeat(13)}`);
    writeTable(
      join(root, "mimic-cxr-2.0.0-negbio.csv"),
      `subject_id,study_id,${CHEST_LABELS.join(",")}\n${[...new Set(rows)].join("\n")}\n`,
      false,
    );
    const index = await openDataset({ root, labelSource: "negbio" });
    assert.equal(index.labelSource, "negbio");
    assert.equal(index.labelState(0, 0), 1);
  }));

Deno.test("test-set labels replace those of the test split, with either spelling of Lung Opacity", () =>
  inTempDir(async (root) => {
    const images = plainImages(); // subject 9 (studies 50000018 and 50000019) is the test split
    const labels = Object.fromEntries(images.map(({ study }) => [study, { "Lung Opacity": "0.0" }]));
    writeMimic(root, { images, labels });
    const names = CHEST_LABELS.map((label) => label === "Lung Opacity" ? "Airspace Opacity" : label);
    const cells = names.map((label) => label === "Airspace Opacity" ? "1.0" : "");
    await Deno.writeTextFile(
      join(root, "mimic-cxr-2.1.0-test-set-labeled.csv"),
      `study_id,${names.join(",")}\n50000018,${cells.join(",")}\n`,
    );
    const index = await openDataset({ root, labelSource: "test-set" });
    const opacity = CHEST_LABELS.indexOf("Lung Opacity");
    assert.equal(index.labelState(index.studies.ids.indexOf("50000018"), opacity), 1);
    assert.equal(index.labelState(0, opacity), 2);
    assert.deepEqual(drops(index), [["study has no row in the label file", 1]]);
    assert.equal(pairStudies(index).count, 19);
  }));

Deno.test("a directory with tables but no images counts the listed images", async () => {
  const images = plainImages().map((image) => ({ ...image, content: null }));
  const index = await open({ images });
  assert.equal(index.source.hasImages, false);
  assert.equal(summarizeIndex(index, pairStudies(index)).images.usable, 40);
  await assert.rejects(open({ images }, { strict: true }), /there are no image files/);
});

Deno.test("a phantom directory is recognised by its marker file", () =>
  inTempDir(async (root) => {
    writeMimic(root, { images: plainImages() });
    assert.equal(detectDataset(root), "mimic-cxr");
    await Deno.writeTextFile(join(root, "phantoms.json"), "{}");
    assert.equal(detectDataset(root), "phantoms");
    assert.equal((await openDataset({ root })).synthetic, true);
  }));

Deno.test("cohortTable() and summarizeIndex() count what remains after each step", async () => {
  const images = plainImages();
  images[0] = { ...images[0]!, content: null };
  images[2] = { ...images[2]!, position: "" };
  images[4] = { ...images[4]!, position: "LAO" };
  const edit = {
    metadata: (text: string) => text + "d1,10000000,50000000,x,AP,28,28\n",
    chexpert: replace(/^10000003,50000006.*\n/m, ""),
  };
  const labels = Object.fromEntries(
    images.map(({ study }, i) => [study, { Edema: ["1.0", "0.0", "-1.0", ""][i >> 1 & 3]! }]),
  );
  const index = await open({ images, edit, labels });
  const pairs = pairStudies(index);
  assert.deepEqual(
    cohortTable(index, pairs).map(({ step, images, studies, subjects }) => [step, images, studies, subjects]),
    [
      ["listed", 41, 20, 10],
      ["rows", 40, 20, 10],
      ["labels", 38, 19, 10],
      ["files", 37, 19, 10],
      ["views", 36, 19, 10],
      ["views", 35, 19, 10],
      ["pairs", 32, 16, 9],
    ],
  );
  const summary = summarizeIndex(index, pairs);
  assert.deepEqual(summary.images, { listed: 41, usable: 39 });
  assert.deepEqual(summary.views, { frontal: 17, lateral: 20 });
  assert.deepEqual([summary.subjects, summary.studies, summary.pairs], [9, 16, 16]);
  assert.deepEqual(summary.splits, {
    train: { subjects: 7, studies: 12, pairs: 12 },
    validate: { subjects: 1, studies: 2, pairs: 2 },
    test: { subjects: 1, studies: 2, pairs: 2 },
  });
  assert.deepEqual(summary.labels["Edema"], { positive: 4, negative: 4, uncertain: 3, blank: 5 });
  assert.deepEqual(summary.dropped.map(({ reason, count }) => [reason, count]), [
    ["image identifier was listed before", 1],
    ["study has no row in the label file", 1],
    ["image file is missing", 1],
    ["view position is blank", 1],
    ["view position is none that is used", 1],
    ["study has no frontal image", 3],
  ]);
});

Deno.test("readMimic() reads identifiers that were written as floats, in any of the tables", async () => {
  const floats = (text: string) => text.replaceAll(/\b([15]0000\d{3})\b(?=,)/g, "$1.0");
  for (const tables of [["metadata"], ["split"], ["chexpert"], ["metadata", "split", "chexpert"]]) {
    const edit = Object.fromEntries(tables.map((table) => [table, floats]));
    const index = await open({ images: plainImages(), edit });
    assert.deepEqual(drops(index), [], tables.join());
    assert.equal(pairStudies(index).count, 20);
    assert.equal(index.source.name(0), "files/p10/p10000000/s50000000/d0.jpg");
  }
});

Deno.test("readMimic() rejects identifiers rounded by a spreadsheet instead of merging patients", async () => {
  const rounded = (text: string) => text.replaceAll(/\b(1000000\d)\b(?=,)/g, "1.0E+07");
  await assert.rejects(
    open({ images: plainImages(), edit: { metadata: rounded } }),
    /40 of 40 images cannot be used: identifier is no number of 3 to 15 digits \(40, for example .*"1\.0E\+07"/,
  );
});

Deno.test("readMimic() reads plain text named .csv.gz, gzip named .csv, UTF-16 and spaces around names", async () => {
  await inTempDir(async (root) => {
    writeMimic(root, { images: plainImages(), gzip: false });
    const name = (table: string, ending: string) => join(root, `mimic-cxr-2.0.0-${table}.${ending}`);
    Deno.renameSync(name("metadata", "csv"), name("metadata", "csv.gz"));
    Deno.writeFileSync(name("split", "csv"), gzipSync(Deno.readFileSync(name("split", "csv"))));
    const spaced = Deno.readTextFileSync(name("chexpert", "csv")).replaceAll(",", " ; ").replaceAll("\n", "\r");
    const units = Uint16Array.from({ length: spaced.length }, (_, i) => spaced.charCodeAt(i));
    Deno.writeFileSync(name("chexpert", "csv"), new Uint8Array([0xff, 0xfe, ...new Uint8Array(units.buffer)]));
    const index = await openDataset({ root });
    assert.deepEqual(drops(index), []);
    assert.equal(pairStudies(index).count, 20);
  });
});

Deno.test("a data set with most images missing is refused unless partial is set", async () => {
  const images = plainImages().map((image, i) => i < 4 ? image : { ...image, content: null });
  await assert.rejects(
    open({ images }),
    /36 of 40 images cannot be used: image file is missing \(36, for example files\/p10\/.*--partial/,
  );
  assert.equal(pairStudies(await open({ images }, { partial: true })).count, 2);
});

Deno.test("a data set whose tables do not match is refused, not read as empty", async () => {
  const edit = { chexpert: replace(/^(\d+),5/gm, "$1,6") };
  await assert.rejects(open({ images: plainImages(), edit }), /40 of 40 images .*study has no row in the label file/);
});
