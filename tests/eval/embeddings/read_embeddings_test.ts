import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { DataError } from "../../../base/errors.ts";
import { readEmbeddings, type ReadEmbeddingsOptions } from "../../../eval/mod.ts";
import { encodeSafetensors } from "../../../runtime/mod.ts";
import { npyFile, type NpyType, smallIndex } from "./small_index.ts";

const { index, pairs } = smallIndex();
const ids = [...index.images.ids];
/** An embedding that tells its image: its number and a half. */
const vectors = ids.map((_, image) => [image, image + 0.5, -image]);

interface Files {
  readonly name?: string;
  readonly file: Uint8Array;
  readonly csv: string;
}

/** Writes the files, reads the embeddings and removes the files. */
async function read({ name = "e.npy", file, csv }: Files, options: Partial<ReadEmbeddingsOptions> = {}) {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeFile(join(folder, name), file);
    await Deno.writeTextFile(join(folder, "e.csv"), csv);
    return await readEmbeddings(join(folder, name), { index, pairs, ...options });
  } catch (error) {
    if (error instanceof Error) error.message = error.message.replaceAll(`${folder}/`, "");
    throw error;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const csvOf = (column: string, cells: readonly string[]) => [column, ...cells, ""].join("\n");

/** Asserts that each pair has the embedding of its image. */
function assertPairs({ views }: Awaited<ReturnType<typeof read>>, names = ["frontal", "lateral"]) {
  assert.deepEqual(views.map(({ view }) => view), names);
  for (const { view, values, dimension, study } of views) {
    assert.deepEqual([...study], [...pairs.study]);
    const v = index.views.indexOf(view);
    const expected = [...pairs.study.keys()].flatMap((pair) => vectors[pairs.images[pair * 2 + v]!]!);
    assert.deepEqual([...values], expected.slice(0, values.length));
    assert.equal(values.length, pairs.count * dimension);
  }
}

Deno.test("readEmbeddings() finds images by identifier or path, in any order", async () => {
  assertPairs(await read({ file: npyFile(vectors), csv: csvOf("dicom_id", ids) }));
  const paths = ids.map((_, image) => `/data/png/${index.source.name(image).replace("jpg", "png")}`);
  const order = ids.map((_, i) => (i * 5) % ids.length);
  const shuffled = { file: npyFile(order.map((i) => vectors[i]!)), csv: csvOf("path", order.map((i) => paths[i]!)) };
  assertPairs(await read(shuffled));
});

Deno.test("readEmbeddings() reads all floating-point types, byte orders and array orders", async () => {
  const csv = csvOf("dicom_id", ids);
  for (const descr of ["<f2", ">f2", "<f4", ">f4", "<f8", ">f8"] satisfies NpyType[]) {
    for (const fortran of [false, true]) {
      for (const version of [1, 2, 3] as const) {
        assertPairs(await read({ file: npyFile(vectors, { descr, fortran, version }), csv }));
      }
    }
  }
  const words = Uint8Array.from(
    vectors.flat().flatMap((value) => [...new Uint8Array(Float32Array.of(value).buffer).subarray(2)]),
  );
  const header = { e: { dtype: "BF16", shape: [ids.length, 3], data_offsets: [0, words.length] } };
  const json = new TextEncoder().encode(JSON.stringify(header));
  const file = new Uint8Array(8 + json.length + words.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true);
  file.set(json, 8);
  file.set(words, 8 + json.length);
  assertPairs(await read({ name: "e.safetensors", file, csv }));
});

Deno.test("readEmbeddings() reads one row per study and view, per study, and per pair", async () => {
  const studies = [...index.studies.ids];
  const csv = ["study_id,view", ...studies.flatMap((id) => [`s${id},frontal`, `s${id},lateral`]), ""].join("\n");
  const rows = studies.flatMap((_, k) => [[k, 0], [k, 1]]);
  const byView = await read({ file: npyFile(rows), csv });
  assert.deepEqual(byView.views.map(({ view }) => view), ["frontal", "lateral"]);
  for (const [v, { values, study }] of byView.views.entries()) {
    assert.deepEqual([...values], [...study].flatMap((k) => [k, v]));
  }
  const joint = await read({ file: npyFile(studies.map((_, k) => [k])), csv: csvOf("study", studies) });
  assert.deepEqual(joint.views.map(({ view, values }) => [view, [...values]]), [["joint", [...pairs.study]]]);

  const imageOf = (pair: number, v: number) => pairs.images[pair * 2 + v]!;
  const order = [...pairs.study.keys()].reverse();
  const tensor = (v: number) => ({
    shape: [order.length, 3],
    data: Float32Array.from(order.flatMap((pair) => vectors[imageOf(pair, v)]!)),
  });
  const file = encodeSafetensors(
    new Map([["mu.frontal", tensor(0)], ["logvar.frontal", tensor(1)], ["mu.lateral", tensor(1)]]),
  );
  const lines = order.map((pair) => `${ids[imageOf(pair, 0)]},${ids[imageOf(pair, 1)]}`);
  assertPairs(await read({ name: "e.safetensors", file, csv: csvOf("frontal,lateral", lines) }));
});

Deno.test("readEmbeddings() evaluates a single view if the file has only its images", async () => {
  const frontal = ids.map((_, i) => i).filter((image) => index.images.view[image] === 0);
  const file = npyFile(frontal.map((image) => vectors[image]!));
  assertPairs(await read({ file, csv: csvOf("image", frontal.map((image) => ids[image]!)) }), ["frontal"]);
});

Deno.test("readEmbeddings() leaves out pairs without an embedding only if that is allowed", async () => {
  const files = { file: npyFile(vectors.slice(1)), csv: csvOf("dicom_id", ids.slice(1)) };
  await assert.rejects(read(files), {
    name: "DataError",
    message: 'e.npy: 1 of 8 pairs have no frontal embedding (for example image "frontal-0" is missing in e.csv); ' +
      "add their rows, or accept by --allow-missing that other methods are scored on more studies",
  });
  const { views, missing } = await read(files, { allowMissing: true });
  assert.deepEqual(missing, { frontal: 1, lateral: 0 });
  assert.deepEqual(views.map(({ study }) => study.length), [7, 8]);
});

Deno.test("readEmbeddings() refuses wrong identifiers in one sentence with file and line", async () => {
  const file = npyFile(vectors);
  const csv = csvOf("dicom_id", ids);
  const cases: [Files, string | RegExp][] = [
    [
      { file, csv: csvOf("dicom_id", ids.with(3, ids[0]!)) },
      'e.csv, line 5: "frontal-0" is on line 2 already; one row is needed for each',
    ],
    [
      { file, csv: csvOf("dicom_id", ids.map((id) => `other-${id}`)) },
      'e.csv, line 2: neither "other-frontal-0" nor any other identifier is one of the data in /data/mimic, which ' +
      'are like "frontal-0"; are these embeddings of another data set?',
    ],
    [
      { file, csv: csvOf("dicom_id", ids.slice(1)) },
      `e.npy: the array has ${ids.length} rows, but e.csv has ${
        ids.length - 1
      } identifiers; they must be as many and in the same order`,
    ],
    [
      { file, csv: "dicom_id,study_id\n" + ids.map((id) => `${id},50000001\n`).join("") },
      /^e\.csv, line 2: image .*000"/,
    ],
    [{ file, csv: csvOf("name", ids) }, /^e\.csv: no column holds identifiers/],
    [
      { file, csv: "row,dicom_id\n" + ids.map((id, i) => `${i ? i + 1 : 0},${id}\n`).join("") },
      /^e\.csv, line 3, column "row"/,
    ],
    [{ file, csv: "dicom_id\n" }, "e.csv: the table of identifiers has a header and no rows"],
    [{ file: npyFile(vectors.with(4, [1, NaN, 0])), csv }, /^e\.npy: dimension 1 of row 4 \(e\.csv, line 6\) is NaN;/],
    [{ file: npyFile(vectors.with(4, [1, 1e300, 0]), { descr: "<f8" }), csv }, /^e\.npy: .*line 6\) is Infinity;/],
    [{ file: npyFile(vectors).slice(0, -4), csv }, /^e\.npy: .*cut off/],
    [{ file: npyFile([[]]), csv }, "e.npy: the array is empty"],
    [{ file: new Uint8Array(0), csv }, /^e\.npy: /],
    [{ file: new TextEncoder().encode("PAR1 and so on, PAR1"), csv }, /^e\.npy: the Parquet file is damaged: /],
    [{ file: Uint8Array.of(0x50, 0x4b, 3, 4, ...new Array(20).fill(0)), csv }, /^e\.npy: this is a zip archive/],
  ];
  for (const [files, message] of cases) {
    await assert.rejects(read(files), (error) => {
      assert.ok(error instanceof DataError, String(error));
      if (typeof message === "string") assert.equal(error.message, message);
      else assert.match(error.message, message);
      return true;
    });
  }
});

Deno.test("readEmbeddings() refuses arrays that are no matrix of floats, or that belong to no view", async () => {
  const csv = csvOf("dicom_id", ids);
  const count = ids.length;
  const tensors = (map: Parameters<typeof encodeSafetensors>[0]) => encodeSafetensors(map);
  const cases: [Uint8Array, RegExp][] = [
    [tensors(new Map([["e", { shape: [count, 1], data: new Int32Array(count) }]])), /tensor "e" has the type I32/],
    [tensors(new Map([["e", { shape: [count], data: new Float32Array(count) }]])), /tensor "e" has the shape \(\d+\)/],
    [
      tensors(new Map(["a", "b"].map((name) => [name, { shape: [count, 1], data: new Float32Array(count) }]))),
      /its arrays are "a", "b"; name them after the views \(frontal, lateral, text, joint\)/,
    ],
    [tensors(new Map()), /the file holds no tensor/],
  ];
  for (const [file, message] of cases) await assert.rejects(read({ name: "e.safetensors", file, csv }), message);
  for (const descr of ["<i8", "<c8", "|b1", ">V2"]) {
    const file = npyFile(vectors);
    const at = file.findIndex((byte, i) => byte === 0x3c && file[i + 1] === 0x66);
    file.set(new TextEncoder().encode(descr), at);
    await assert.rejects(read({ file, csv }), {
      name: "DataError",
      message: `e.npy: the array has the type "${descr}"; embeddings must be float16, float32 or float64 ` +
        '(`.astype("float32")`)',
    });
  }
  const text = new TextEncoder().encode("frontal-0,1,2,3\n");
  await assert.rejects(
    read({ file: text, csv }),
    /^DataError: e\.npy: the file is neither \.npy, \.safetensors nor Parquet \(/,
  );
});

Deno.test("readEmbeddings() reads a damaged .npy file as something else or refuses it with a DataError", async () => {
  const whole = npyFile(vectors);
  const csv = csvOf("dicom_id", ids);
  const change = fc.record({ at: fc.nat(whole.length - 1), byte: fc.nat(255) });
  await fc.assert(
    fc.asyncProperty(
      fc.array(change, { minLength: 1, maxLength: 3 }),
      fc.option(fc.nat(whole.length)),
      async (changes, cut) => {
        const file = whole.slice(0, cut ?? whole.length);
        for (const { at, byte } of changes) if (at < file.length) file[at] = byte;
        try {
          const { views } = await read({ file, csv });
          assert.ok(views.every(({ values }) => values.every(Number.isFinite)));
        } catch (error) {
          assert.ok(error instanceof DataError, String(error));
        }
      },
    ),
    { numRuns: 150 },
  );
});
