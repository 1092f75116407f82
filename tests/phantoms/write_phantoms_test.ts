import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { ImageDecoder } from "../../data/image/decode_image.ts";
import { CHEST_LABELS } from "../../data/index/labels.ts";
import { assertDisjointSplits, openDataset, pairStudies, studiesOfPairs } from "../../data/mod.ts";
import { type PhantomOptions, writePhantoms } from "../../phantoms/mod.ts";
import { METADATA_COLUMNS } from "../../phantoms/mimic_layout.ts";
import { inTempDir } from "../data/fixture.ts";

const SMALL: PhantomOptions = { studies: 40, seed: 11, scale: 0.02, workers: 2 };

function rows(path: string): Record<string, string>[] {
  const bytes = readFileSync(path);
  const [head, ...lines] = (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString().trimEnd().split("\n");
  const names = head!.split(",");
  return lines.map((line) => {
    const cells = line.split(",");
    assert.equal(cells.length, names.length, line);
    return Object.fromEntries(names.map((name, i) => [name, cells[i]!]));
  });
}

/** Every file of a directory with a hash of its content. */
function contents(root: string): Map<string, string> {
  const names = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)).sort();
  const hash = (name: string) => createHash("sha256").update(readFileSync(name)).digest("hex");
  return new Map(names.map((name) => [name.slice(root.length + 1), hash(name)]));
}

Deno.test("writePhantoms() writes MIMIC-CXR-JPG's files, names, columns and values", () =>
  inTempDir(async (directory) => {
    const root = join(directory, "phantoms");
    const progress: number[] = [];
    const summary = await writePhantoms(root, { ...SMALL, onProgress: ({ done }) => progress.push(done) });
    assert.deepEqual(progress, Array.from({ length: 40 }, (_, i) => i + 1));
    assert.deepEqual(readdirSync(root).sort(), [
      "IMAGE_FILENAMES",
      "SHA256SUMS.txt",
      "admissions.csv",
      "files",
      "mimic-cxr-2.0.0-chexpert.csv.gz",
      "mimic-cxr-2.0.0-metadata.csv.gz",
      "mimic-cxr-2.0.0-negbio.csv.gz",
      "mimic-cxr-2.0.0-split.csv.gz",
      "mimic-cxr-2.1.0-test-set-labeled.csv",
      "patients.csv",
      "phantoms.json",
    ]);
    assert.deepEqual(readdirSync(directory), ["phantoms"], "no temporary folder is left");
    const metadata = rows(join(root, "mimic-cxr-2.0.0-metadata.csv.gz"));
    const split = rows(join(root, "mimic-cxr-2.0.0-split.csv.gz"));
    assert.deepEqual(Object.keys(metadata[0]!), [...METADATA_COLUMNS]);
    assert.equal(metadata.length, summary.images);
    assert.deepEqual(split.map((row) => row.dicom_id), metadata.map((row) => row.dicom_id));
    const listed = readFileSync(join(root, "IMAGE_FILENAMES"), "utf8").trimEnd().split("\n");
    assert.equal(listed.length, summary.images);
    const decoder = new ImageDecoder();
    for (const row of metadata) {
      const subject = row.subject_id!;
      const path = `files/p${subject.slice(0, 2)}/p${subject}/s${row.study_id}/${row.dicom_id}.jpg`;
      assert.ok(listed.includes(path));
      const image = await decoder.decode(readFileSync(join(root, path)));
      assert.deepEqual([String(image.width), String(image.height)], [row.Columns, row.Rows]);
    }
    for (const name of ["chexpert", "negbio"]) {
      const labels = rows(join(root, `mimic-cxr-2.0.0-${name}.csv.gz`));
      assert.deepEqual(Object.keys(labels[0]!), ["subject_id", "study_id", ...CHEST_LABELS]);
      for (const row of labels) {
        for (const label of CHEST_LABELS) assert.match(row[label]!, /^(1\.0|0\.0|-1\.0|)$/);
        assert.match(row["No Finding"]!, /^(1\.0|)$/);
      }
      assert.ok(labels.length <= 40 && labels.length >= 38);
    }
    const expert = rows(join(root, "mimic-cxr-2.1.0-test-set-labeled.csv"));
    assert.ok("Airspace Opacity" in expert[0]! && !("Lung Opacity" in expert[0]!) && !("subject_id" in expert[0]!));
    const testStudies = new Set(split.filter((row) => row.split === "test").map((row) => row.study_id));
    assert.deepEqual(new Set(expert.map((row) => row.study_id)), testStudies);
  }));

Deno.test("writePhantoms() writes correct checksums", () =>
  inTempDir(async (root) => {
    await writePhantoms(root, { ...SMALL, studies: 9 });
    const sums = readFileSync(join(root, "SHA256SUMS.txt"), "utf8").trimEnd().split("\n").map((line) =>
      line.split(" ")
    );
    const files = contents(root);
    assert.equal(sums.length, files.size - 2, "all but itself and phantoms.json");
    for (const [sum, path] of sums) assert.equal(files.get(path!), sum, path);
  }));

Deno.test("writePhantoms()'s output is read by the MIMIC-CXR-JPG reader, as phantoms, without shared patients", () =>
  inTempDir(async (root) => {
    await writePhantoms(root, SMALL);
    const index = await openDataset({ root, texts: true });
    assert.equal(index.dataset, "phantoms");
    assert.equal(index.synthetic, true);
    assert.equal(index.studies.count, 40);
    const { texts, noReport, noSection } = index.texts!.counts();
    assert.equal(noSection, 0);
    assert.ok(texts >= 38 && texts + noReport === 40, "a few studies have no report");
    assert.ok(pairStudies(index).count >= 25);
    assertDisjointSplits(index, studiesOfPairs(pairStudies(index)));
    const splits = Map.groupBy(rows(join(root, "mimic-cxr-2.0.0-split.csv.gz")), (row) => row.subject_id);
    for (const [subject, images] of splits) assert.equal(new Set(images.map((row) => row.split)).size, 1, subject);
    assert.equal(new Set([...splits.values()].map((images) => images[0]!.split)).size, 3);
  }));

Deno.test("writePhantoms() writes CheXpert's files, names and values, which its reader accepts as phantoms", () =>
  inTempDir(async (directory) => {
    const root = join(directory, "chexpert");
    const { images } = await writePhantoms(root, { ...SMALL, layout: "chexpert" });
    const tables = ["train", "valid", "test"].map((name) => rows(join(root, `${name}.csv`)));
    assert.equal(tables.flat().length, images);
    const head =
      "Path,Sex,Age,Frontal/Lateral,AP/PA,No Finding,Enlarged Cardiomediastinum,Cardiomegaly,Lung Opacity,Lung " +
      "Lesion," +
      "Edema,Consolidation,Pneumonia,Atelectasis,Pneumothorax,Pleural Effusion,Pleural Other,Fracture,Support Devices";
    assert.deepEqual(Object.keys(tables[0]![0]!), head.split(","));
    for (const row of tables.flat()) {
      assert.match(
        row.Path!,
        /^CheXpert-v1\.0\/(train|valid|test)\/patient\d{5}\/study[1-5]\/view\d_(frontal|lateral)\.jpg$/,
      );
      assert.ok(existsSync(join(root, row.Path!.slice("CheXpert-v1.0/".length))), row.Path);
      const isFrontal = row["Frontal/Lateral"] === "Frontal";
      assert.match(row["AP/PA"]!, isFrontal ? /^(AP|PA)$/ : /^$/);
      assert.equal(row.Path!.endsWith("_frontal.jpg"), isFrontal);
    }
    const index = await openDataset({ root });
    assert.equal(index.dataset, "chexpert");
    assert.equal(index.synthetic, true);
    assert.equal(index.studies.count, 40);
    assert.deepEqual(index.drops.entries(), []);
    assertDisjointSplits(index, studiesOfPairs(pairStudies(index)));
    // The same patients and images as in the other layout.
    const mimic = join(directory, "mimic");
    await writePhantoms(mimic, SMALL);
    const hashes = (folder: string) =>
      [...contents(folder)].filter(([name]) => name.endsWith(".jpg")).map(([, hash]) => hash);
    assert.deepEqual(hashes(root).sort(), hashes(mimic).sort());
    await assert.rejects(
      writePhantoms(root, SMALL),
      /other phantoms \(40 studies, seed 11, scale 0.02, layout chexpert\)/,
    );
  }));

Deno.test("writePhantoms()'s files depend neither on the workers nor on the number of studies", () =>
  inTempDir(async (directory) => {
    const [one, two, fewer] = ["one", "two", "fewer"].map((name) => join(directory, name));
    await writePhantoms(one!, { ...SMALL, workers: 1 });
    await writePhantoms(two!, { ...SMALL, workers: 2 });
    await writePhantoms(fewer!, { ...SMALL, studies: 12 });
    assert.deepEqual(contents(one!), contents(two!));
    const all = contents(one!);
    const images = [...contents(fewer!)].filter(([name]) => name.endsWith(".jpg"));
    assert.ok(images.length > 12);
    for (const [name, hash] of images) assert.equal(all.get(name), hash);
  }));

Deno.test("writePhantoms() reuses a complete directory with the same settings", () =>
  inTempDir(async (root) => {
    const first = await writePhantoms(root, { ...SMALL, studies: 8 });
    const before = Deno.statSync(join(root, "phantoms.json")).mtime;
    const second = await writePhantoms(root, { ...SMALL, studies: 8 });
    assert.deepEqual([first.reused, second.reused], [false, true]);
    assert.deepEqual({ ...second, reused: false }, first);
    assert.deepEqual(Deno.statSync(join(root, "phantoms.json")).mtime, before);
  }));

Deno.test("writePhantoms() redraws a directory with a missing image or of another version", () =>
  inTempDir(async (directory) => {
    const root = join(directory, "phantoms");
    await writePhantoms(root, { ...SMALL, studies: 8 });
    const whole = contents(root);
    Deno.removeSync(join(root, [...whole.keys()].find((name) => name.endsWith(".jpg"))!));
    assert.equal((await writePhantoms(root, { ...SMALL, studies: 8 })).reused, false);
    assert.deepEqual(contents(root), whole);
    const record = JSON.parse(Deno.readTextFileSync(join(root, "phantoms.json")));
    Deno.writeTextFileSync(join(root, "phantoms.json"), JSON.stringify({ ...record, version: 0 }));
    assert.equal((await writePhantoms(root, { ...SMALL, studies: 8 })).reused, false);
    assert.deepEqual(contents(root), whole);
    assert.deepEqual(readdirSync(directory), ["phantoms"]);
  }));

Deno.test("writePhantoms() rejects folders with other content, files, and phantoms with other settings", () =>
  inTempDir(async (directory) => {
    const file = join(directory, "file");
    Deno.writeTextFileSync(file, "");
    await assert.rejects(writePhantoms(file, SMALL), /this is a file; .* name another/);
    await assert.rejects(writePhantoms(join(file, "below"), SMALL), /^DataError: .*phantoms could not be written/);
    await assert.rejects(writePhantoms(directory, SMALL), /holds other files than phantoms/);
    Deno.writeTextFileSync(join(directory, "phantoms.json"), "{}");
    await assert.rejects(writePhantoms(directory, SMALL), /phantoms\.json in it is not one that phantoms leave/);
    const root = join(directory, "phantoms");
    await writePhantoms(root, { ...SMALL, studies: 8 });
    await assert.rejects(
      writePhantoms(root, { ...SMALL, studies: 9 }),
      /holds other phantoms \(8 studies, seed 11, scale 0\.02, layout mimic-cxr\)/,
    );
    assert.deepEqual(readdirSync(directory).sort(), ["file", "phantoms", "phantoms.json"]);
  }));

Deno.test("writePhantoms() leaves nothing behind when aborted or failing", () =>
  inTempDir(async (directory) => {
    const root = join(directory, "phantoms");
    const abort = new AbortController();
    const stop = () => abort.abort(new Error("stopped"));
    await assert.rejects(writePhantoms(root, { ...SMALL, onProgress: stop, signal: abort.signal }), /stopped/);
    assert.deepEqual(readdirSync(directory), []);
    const fail = () => {
      throw new Error("no room");
    };
    await assert.rejects(writePhantoms(root, { ...SMALL, onProgress: fail }), /could not be written: no room/);
    assert.deepEqual(readdirSync(directory), []);
  }));

Deno.test("writePhantoms() removes folders of killed processes, but not of running ones", () =>
  inTempDir(async (directory) => {
    const abandoned = join(directory, ".phantoms.partial-a");
    const busy = join(directory, ".phantoms.partial-b");
    for (const folder of [abandoned, busy]) {
      Deno.mkdirSync(folder);
      Deno.writeTextFileSync(join(folder, "writer.lock"), "");
    }
    using lock = Deno.openSync(join(busy, "writer.lock"), { write: true });
    await lock.lock(true);
    await writePhantoms(join(directory, "phantoms"), { ...SMALL, studies: 2 });
    assert.equal(existsSync(abandoned), false);
    assert.equal(existsSync(busy), true);
  }));

Deno.test("writePhantoms() run twice concurrently gives one complete directory", () =>
  inTempDir(async (directory) => {
    const root = join(directory, "phantoms");
    const options = { ...SMALL, studies: 6, workers: 1 };
    const both = await Promise.all([writePhantoms(root, options), writePhantoms(root, options)]);
    assert.deepEqual(both[0], both[1]);
    assert.deepEqual(readdirSync(directory), ["phantoms"]);
    assert.equal((await writePhantoms(root, options)).reused, true);
  }));

Deno.test("writePhantoms() names an option out of range", async () => {
  await assert.rejects(writePhantoms("x", { ...SMALL, studies: 0 }), /studies is 0, but must be a whole number from 1/);
  await assert.rejects(writePhantoms("x", { ...SMALL, seed: -1 }), /seed is -1/);
  await assert.rejects(writePhantoms("x", { ...SMALL, scale: 2 }), /scale is 2, but must be from 0\.02 to 1/);
  await assert.rejects(writePhantoms("x", { ...SMALL, workers: 0 }), /workers is 0/);
});
