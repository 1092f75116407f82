import assert from "node:assert/strict";
import { join } from "node:path";
import { detectDataset, openDataset, pairStudies, preparePixels } from "../../../data/mod.ts";
import { inTempDir, SMALL_JPEG } from "../fixture.ts";

const HEADER = {
  format: "mmvm-paired-csv",
  version: 1,
  csv: "studies.csv",
  views: ["front", "side", "top"],
  labels: ["broken"],
};

async function withData(
  table: string,
  body: (root: string) => Promise<void>,
  header: Record<string, unknown> | string = HEADER,
): Promise<void> {
  await inTempDir(async (root) => {
    await Deno.writeTextFile(join(root, "dataset.json"), typeof header === "string" ? header : JSON.stringify(header));
    await Deno.writeTextFile(join(root, "studies.csv"), table);
    await Deno.mkdir(join(root, "images"));
    for (const name of ["a", "b", "c", "d"]) await Deno.writeFile(join(root, `images/${name}.jpg`), SMALL_JPEG);
    await body(root);
  });
}

Deno.test("a custom table may have any views, several rows per study and missing views", () =>
  withData(
    "subject,study,split,front,side,top,broken\n" +
      "anna,1,train,images/a.jpg,images/b.jpg,,1\n" +
      "anna,1,train,,,images/c.jpg,1\n" +
      "ben,2,test,images/d.jpg,,,-1\n",
    async (root) => {
      assert.equal(detectDataset(root), "csv");
      const index = await openDataset({ root, pairs: "all-combinations-missing" });
      assert.deepEqual([index.listed, index.images.count, index.studies.count, index.subjects.count], [4, 4, 2, 2]);
      const pairs = pairStudies(index);
      assert.deepEqual([...pairs.images], [0, 1, 2, 3, -1, -1]);
      assert.deepEqual([...index.studies.states], [1, 3]);
      assert.deepEqual([...index.subjects.split], [0, 2]);
      assert.equal(pairStudies(index, { policy: "all-combinations" }).count, 1);
      const pixels = await preparePixels(index, { cacheDir: join(root, "cache"), imageSize: 8, workers: 1 });
      assert.ok([0, 1, 2, 3].every((image) => pixels.isReady(image)));
    },
  ));

Deno.test("bad cells of a custom table are skipped, counted and named", () =>
  withData(
    "subject,study,split,front,side,top,broken\n" +
      "anna,1,train,images/a.jpg,../secret.jpg,,1\n" +
      "ben,2,sometimes,images/b.jpg,,,0\n" +
      "carl,3,test,images/c.jpg,images/none.jpg,,perhaps\n" +
      "dora,4,test,images/a.jpg,,,0\n" +
      ",5,test,images/d.jpg,,,0\n" +
      "eva,6,test\n",
    async (root) => {
      const index = await openDataset({ root });
      assert.deepEqual(
        index.drops.entries().map(({ reason, count, examples }) => [reason, count, examples[0]!.replace(root, "")]),
        [
          [
            "path could leave the data directory",
            1,
            '/studies.csv, line 2, column "side": "../secret.jpg": the path has the segment ".."',
          ],
          ["image is listed in another study before", 1, '/studies.csv, line 5, column "front": "images/a.jpg"'],
          ["subject or study is blank", 1, '/studies.csv, line 6: ""'],
          [
            "row has another number of fields than the header",
            1,
            "/studies.csv, line 7: 3 fields where the header has 7",
          ],
          ["split is none of train, validate and test", 1, '/studies.csv, line 3: "sometimes" in column "split"'],
          ["study's subject is in no split", 0, ""],
          ["label is none of 1, 0, -1 and blank", 1, '/studies.csv, line 4, column "broken": "perhaps"'],
          ["image file is missing", 1, "images/none.jpg"],
        ].filter(([, count]) => count !== 0),
      );
    },
  ));

Deno.test("a subject in two splits of a custom table is refused", () =>
  withData(
    "subject,study,split,front,side,top,broken\nanna,1,train,images/a.jpg,,,1\nanna,2,test,images/b.jpg,,,1\n",
    (root) =>
      assert.rejects(
        openDataset({ root }),
        /studies\.csv, line 3, column "split": subject "anna" is in test here and in train before/,
      ),
  ));

const BAD_HEADERS: [string, Record<string, unknown> | string, RegExp][] = [
  ["no JSON", "{", /dataset\.json: this is not valid JSON/],
  ["another format", { ...HEADER, format: "x" }, /dataset\.json, column "format"/],
  ["a field that is unknown", { ...HEADER, colour: 1 }, /dataset\.json: .*colour/],
  ["a table outside", { ...HEADER, csv: "../x.csv" }, /column "csv": "\.\.\/x\.csv": the path has the segment "\.\."/],
  ["a column twice", { ...HEADER, labels: ["side"] }, /the column name "side" is used twice/],
  ["no view", { ...HEADER, views: [] }, /column "views"/],
  [
    "a column that the table lacks",
    { ...HEADER, labels: ["bent"] },
    /studies\.csv, line 1, column "bent": the column is missing/,
  ],
];
for (const [what, header, says] of BAD_HEADERS) {
  Deno.test(`a header with ${what} is refused`, () =>
    withData(
      "subject,study,split,front,side,top,broken\nanna,1,train,images/a.jpg,,,1\n",
      (root) => assert.rejects(openDataset({ root }), says),
      header,
    ));
}

Deno.test("studies are identified by subject and study: each subject may have a study1", () =>
  withData(
    "subject,study,split,front,side,top,broken\n" +
      "anna,study1,train,images/a.jpg,,,1\n" +
      "ben,study1,test,images/b.jpg,,,0\n" +
      "anna,study1,train,images/c.jpg,,,1\n" +
      "anna,study2,train,images/d.jpg,,,-1\n",
    async (root) => {
      const index = await openDataset({ root, pairs: "all-combinations-missing" });
      assert.deepEqual(index.drops.entries(), []);
      assert.deepEqual(index.studies.ids, ["anna/study1", "ben/study1", "anna/study2"]);
      assert.deepEqual([...index.images.study], [0, 1, 0, 2]);
      assert.deepEqual([...index.studies.states], [1, 2, 3]);
      assert.equal(pairStudies(index).count, 4);
    },
  ));

Deno.test("a table with one row per pair lists each image once", () =>
  withData(
    "subject,study,split,front,side,broken\n" +
      ["a.jpg,images/c.jpg", "a.jpg,images/d.jpg", "b.jpg,images/c.jpg", "b.jpg,images/d.jpg"]
        .map((images) => `anna,1,train,images/${images},1\n`).join(""),
    async (root) => {
      const index = await openDataset({ root, strict: true });
      assert.deepEqual([index.listed, index.images.count, pairStudies(index).count], [4, 4, 4]);
    },
    { ...HEADER, views: ["front", "side"] },
  ));

Deno.test("missing values, float identifiers and names with spaces are read", () =>
  withData(
    " subject , study ,split, front ,side,top,Broken \n" +
      "1000.0,1.0,Train,./images/a.jpg,nan,NA,True\n" +
      "1000.0,1.0,train,,images/b.jpg,None,TRUE\n" +
      "nan,2.0,train,images/c.jpg,,,0\n",
    async (root) => {
      const index = await openDataset({ root, pairs: "all-combinations-missing" });
      assert.deepEqual(index.drops.entries().map(({ reason, count }) => [reason, count]), [
        ["subject or study is blank", 1],
      ]);
      assert.deepEqual([index.subjects.ids, index.images.ids], [["1000"], ["images/a.jpg", "images/b.jpg"]]);
      assert.deepEqual([...index.studies.states], [1]);
    },
  ));

Deno.test("a bad quote loses its row, not the table", () =>
  withData(
    "subject,study,split,front,side,top,broken,note\n" +
      'anna,1,train,images/a.jpg,,,1,5" tube\n' +
      'ben,2,train,images/b.jpg,,,1,"open\n' +
      "carl,3,train,images/c.jpg,,,0,fine\n",
    async (root) => {
      const index = await openDataset({ root });
      assert.deepEqual(index.subjects.ids, ["carl"]);
      const [entry] = index.drops.entries();
      assert.deepEqual([entry!.count, entry!.unit], [2, "row"]);
      assert.match(entry!.examples[1]!, /studies\.csv, line 3: a quote stands inside/);
      await assert.rejects(openDataset({ root, strict: true }), /line 2: a quote stands inside/);
    },
  ));

Deno.test("dataset.json may have a byte order mark, or be UTF-16", () =>
  withData("subject,study,split,front,side,top,broken\nanna,1,train,images/a.jpg,,,1\n", async (root) => {
    const text = JSON.stringify(HEADER);
    const units = Uint16Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
    for (
      const bytes of [[0xff, 0xfe, ...new Uint8Array(units.buffer)], [
        0xef,
        0xbb,
        0xbf,
        ...new TextEncoder().encode(text),
      ]]
    ) {
      await Deno.writeFile(join(root, "dataset.json"), Uint8Array.from(bytes));
      assert.equal((await openDataset({ root })).images.count, 1);
    }
  }));

Deno.test("the split column is optional with another split policy, and labels are optional", () =>
  withData(
    "subject,study,front\nanna,1,images/a.jpg\nben,1,images/b.jpg\n",
    async (root) => {
      const index = await openDataset({ root, splits: "paper" });
      assert.deepEqual([index.images.count, index.labels], [2, []]);
      await assert.rejects(openDataset({ root }), /column "split": the column is missing/);
    },
    { format: HEADER.format, version: 1, csv: "studies.csv", views: [" front "] },
  ));
