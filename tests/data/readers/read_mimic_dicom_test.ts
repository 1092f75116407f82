import assert from "node:assert/strict";
import { join } from "node:path";
import { DataError, openDataset, pairStudies, preparePixels, type StudyIndex } from "../../../data/mod.ts";
import { viewPositionOf } from "../../../data/readers/dicom_positions.ts";
import { arePhantoms, writePhantoms } from "../../../phantoms/mod.ts";
import { inTempDir } from "../fixture.ts";
import { makeDicom } from "../image/dicom/dicom_writer.ts";

const PHANTOMS = { studies: 24, seed: 5, scale: 0.02, workers: 1 } as const;

/** The prepared bytes of every image by identifier. */
async function prepared(index: StudyIndex, cacheDir: string): Promise<Map<string, string>> {
  using pixels = await preparePixels(index, { cacheDir, imageSize: 32, workers: 1 });
  const pairs = pairStudies(index);
  return new Map(
    [...new Set(pairs.images)].sort((a, b) => a - b).map((image) => [
      index.images.ids[image]!,
      pixels.read(image).toHex(),
    ]),
  );
}

Deno.test("phantoms as DICOM are prepared to the same bytes, views and labels as their JPEGs", () =>
  inTempDir(async (root) => {
    const cache = join(root, "cache");
    const indices: StudyIndex[] = [];
    for (const layout of ["mimic-cxr", "mimic-dicom"] as const) {
      await writePhantoms(join(root, layout), { ...PHANTOMS, layout });
      indices.push(await openDataset({ root: join(root, layout) }));
    }
    const [jpeg, dicom] = indices as [StudyIndex, StudyIndex];
    assert.match(dicom.source.name(0), /^files\/p1\d\/p1\d{7}\/s5\d{7}\/[0-9a-f-]{44}\.dcm$/);
    const columns = ({ images, studies, subjects }: StudyIndex) =>
      images.ids.map((id, image) => {
        const study = images.study[image]!;
        const labels = studies.states.subarray(study * 14, study * 14 + 14).join();
        return [
          id,
          images.view[image],
          images.positions[images.position[image]!],
          studies.ids[study],
          labels,
          subjects.split[studies.subject[study]!],
        ].join(" ");
      }).sort();
    assert.deepEqual(columns(dicom), columns(jpeg));
    const [fromJpeg, fromDicom] = [await prepared(jpeg, cache), await prepared(dicom, cache)];
    assert.ok(fromJpeg.size > 30);
    assert.deepEqual([...fromDicom].sort(), [...fromJpeg].sort());
    assert.ok(await arePhantoms(dicom.root, [dicom.source.name(0)]));
  }));

Deno.test("the DICOM release alone has no labels and a random split; MIMIC-CXR-JPG's tables beside it are used", () =>
  inTempDir(async (root) => {
    await writePhantoms(root, { ...PHANTOMS, layout: "mimic-dicom" });
    for (const table of ["split", "chexpert", "negbio"]) Deno.removeSync(join(root, `mimic-cxr-2.0.0-${table}.csv.gz`));
    Deno.removeSync(join(root, "phantoms.json"));
    const alone = await openDataset({ root });
    assert.deepEqual([alone.dataset, alone.labels, alone.policies.splits], ["mimic-cxr", [], "paper"]);
    assert.ok(pairStudies(alone).count > 10);
    const metadata = ["dicom_id,subject_id,study_id,ViewPosition"];
    alone.images.ids.forEach((id, image) => {
      const study = alone.images.study[image]!;
      const subject = alone.subjects.ids[alone.studies.subject[study]!];
      metadata.push([id, subject, alone.studies.ids[study], image === 0 ? "LL" : "PA"].join());
    });
    Deno.writeTextFileSync(join(root, "mimic-cxr-2.0.0-metadata.csv"), metadata.join("\n"));
    const beside = await openDataset({ root });
    assert.deepEqual([...beside.images.view.subarray(0, 3)], [1, 0, 0]);
  }));

Deno.test("the DICOM release in an archive needs the table of view positions", () =>
  inTempDir(async (root) => {
    await writePhantoms(root, { ...PHANTOMS, layout: "mimic-dicom" });
    Deno.renameSync(join(root, "files"), join(root, "elsewhere"));
    await assert.rejects(() => openDataset({ root }), (error) => {
      assert.ok(error instanceof DataError);
      assert.match(error.message, /unpack them into `files`, or put mimic-cxr-2.0.0-metadata.csv.gz/);
      return true;
    });
  }));

Deno.test("disagreements of the DICOM release's two lists are counted by line, and are errors in strict mode", () =>
  inTempDir(async (root) => {
    await writePhantoms(root, { ...PHANTOMS, layout: "mimic-dicom" });
    const notes = ({ drops }: StudyIndex) =>
      drops.entries().filter(({ reason }) => /cxr-study-list/.test(reason))
        .map(({ reason, count, examples }) => [reason, count, examples[0]]);
    const whole = await openDataset({ root });
    assert.deepEqual(notes(whole), []);
    const { ids } = whole.studies;
    const rows = ids.map((study, i) => `${whole.subjects.ids[whole.studies.subject[i]!]},${study}`);
    const [, other] = rows[1]!.split(",");
    const table = join(root, "cxr-study-list.csv");
    Deno.removeSync(`${table}.gz`);
    const changed = ["subject_id,study_id", `19999999,${other}`, ...rows.slice(2), rows[2], "10000001,59999999"];
    Deno.writeTextFileSync(table, changed.join("\n"));
    const index = await openDataset({ root });
    assert.deepEqual(notes(index), [
      ["cxr-study-list gives the study to another subject (kept)", 1, `${table}, line 2: "${other}"`],
      ["study was in cxr-study-list before (kept)", 1, `${table}, line ${ids.length + 1}: "${ids[2]}"`],
      [
        "study of cxr-study-list has no image in the list of images (kept)",
        1,
        `${table}, line ${ids.length + 2}: "59999999"`,
      ],
      ["study with images is not in cxr-study-list (kept)", 1, `study ${ids[0]}`],
    ]);
    assert.equal(pairStudies(index).count, pairStudies(whole).count);
    await assert.rejects(() => openDataset({ root, strict: true }), /another subject \(kept\) \(--strict makes/);
  }));

Deno.test("viewPositionOf() reads a header of any length, and is blank for what is not DICOM", () =>
  inTempDir((root) => {
    const path = join(root, "a.dcm");
    const write = (bytes: Uint8Array) => Deno.writeFileSync(path, bytes);
    const image = { width: 64, height: 64, pixels: new Uint8Array(4096) };
    write(makeDicom(image));
    assert.equal(viewPositionOf(path), "PA");
    write(makeDicom({ ...image, attributes: [[0x00091001, "OB", new Uint8Array(100_000)], [0x00185101, "CS", "ll"]] }));
    assert.equal(viewPositionOf(path), "LL");
    write(makeDicom({ ...image, attributes: [[0x00185101, "CS", "Doe^John"]] }));
    assert.equal(viewPositionOf(path), "OTHER");
    write(makeDicom({ ...image, attributes: [[0x00185101, "CS", ""]] }));
    assert.equal(viewPositionOf(path), "");
    write(makeDicom(image).subarray(0, 150));
    assert.equal(viewPositionOf(path), "");
    write(new Uint8Array(500));
    assert.equal(viewPositionOf(path), "");
    assert.equal(viewPositionOf(join(root, "missing.dcm")), "");
  }));

Deno.test("prepared pixels of another window have a cache of their own", () =>
  inTempDir(async (root) => {
    await writePhantoms(join(root, "data"), { ...PHANTOMS, layout: "mimic-dicom" });
    const cache = join(root, "cache");
    const full = await prepared(await openDataset({ root: join(root, "data") }), cache);
    const narrow = await prepared(await openDataset({ root: join(root, "data"), window: "100,40" }), cache);
    assert.equal(narrow.size, full.size);
    assert.notDeepEqual([...narrow], [...full]);
  }));
