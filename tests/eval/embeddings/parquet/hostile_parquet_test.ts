/** Files that claim more than they hold. Each of these claims would take gigabytes or minutes if it were believed. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { openEmbeddingFile } from "../../../../eval/embeddings/embedding_file.ts";
import { type CraftOptions, craftPage, craftParquet, encodeStruct, varint } from "./craft_parquet.ts";

/** Most rows that are kept. */
const KEPT = 10_000;

/** Reads the first vectors of a file. */
async function readAll(bytes: Uint8Array): Promise<number[][]> {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "e.parquet");
    await Deno.writeFile(path, bytes);
    using file = await openEmbeddingFile(path);
    return await Promise.all(file.arrays.map(async ({ rows, dimension, gather }) => {
      const kept = Math.min(rows, KEPT);
      const into = new Float32Array(kept * dimension);
      await gather(Int32Array.from({ length: kept }, (_, row) => row), into);
      return [...into];
    }));
  } catch (error) {
    if (error instanceof Error) error.message = error.message.replaceAll(`${folder}/`, "");
    throw error;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** `count` equal values, by a dictionary and one run of indices. */
function equalValues(count: number, { run = count }: { run?: number } = {}): number[] {
  const dictionary = craftPage([0, 0, 128, 63], { values: 1, fields: { 1: 2, 5: undefined, 7: { 1: 1, 2: 0 } } });
  return [...dictionary, ...craftPage([1, ...varint(2 * run), 0], { values: count, encoding: 8 })];
}

Deno.test("a Parquet file that is crafted truthfully is read", async () => {
  assert.deepEqual(await readAll(craftParquet()), [[1]]);
  assert.deepEqual(await readAll(craftParquet({ groups: 3 })), [[1, 1, 1]]);
  const rows = 5000;
  assert.deepEqual(await readAll(craftParquet({ rows, pages: equalValues(rows) })), [new Array(rows).fill(1)]);
});

Deno.test("a run of a thousand million indices in a page of ten values is cut to the page", async () => {
  const file = craftParquet({ rows: 10, pages: equalValues(10, { run: 2 ** 30 }) });
  assert.deepEqual(await readAll(file), [new Array(10).fill(1)]);
});

Deno.test("Parquet files whose counts exceed their bytes are refused in one sentence", async () => {
  const page = (data: number[], values: number, fields = {}) => craftPage(data, { values, fields });
  const million = 2 ** 20;
  const lists = new Array(100).fill([0xf9, 0xff, 0xff, 0xff, 0x0f]).flat();
  const cases: [string, CraftOptions, RegExp][] = [
    ["nested lists of 2^32 elements", { footer: [0x29, ...lists] }, /a list in its metadata is cut off/],
    ["structures without end", { footer: new Array(5000).fill(0x5c) }, /nested too deeply/],
    ["a list of 2^28 columns", { footer: [0x29, 0xfc, ...varint(2 ** 28)] }, /a list in its metadata is cut off/],
    ["more values than bytes", { rows: million, pages: page([0, 0, 0, 0], million) }, /fewer values than it states/],
    ["2^40 rows", { rows: 2 ** 40, pages: page([0, 0, 0, 0], 1) }, /fewer values than it states/],
    ["2^31 values", { rows: 2 ** 31, pages: equalValues(2 ** 31) }, /write it with smaller pages/],
    ["a page of 2^31 bytes", { pages: page([], 1, { 2: 2 ** 31, 3: 0 }) }, /write it with smaller pages/],
    ["a page that ends later", { pages: page([0, 0, 0, 0], 1, { 3: 500 }) }, /a page is longer than its column/],
    ["a column that ends later", { chunk: { 7: 10_000 } }, /a column lies outside the file's data/],
    ["a column before the file", { chunk: { 9: 0 } }, /a column lies outside the file's data/],
    ["a negative size", { pages: page([0, 0, 0, 0], 1, { 3: -1 }) }, /a count in its metadata is negative/],
    ["a size beyond 2^53", { chunk: { 7: 2 ** 60 } }, /a number in its metadata is too large/],
    ["2^30 children", { schema: [{ 4: "g", 5: 2 ** 30 }] }, /its schema is cut off/],
    ["a schema without columns", { footer: encodeStruct({ 2: [{ 4: "schema" }], 3: 0, 4: [] }) }, /no column holds/],
  ];
  for (const [what, options, message] of cases) {
    await assert.rejects(readAll(craftParquet(options)), (error) => {
      assert.ok(error instanceof Error && error.name === "DataError", `${what}: ${error}`);
      assert.match(error.message, message, what);
      assert.match(error.message, /^e\.parquet: [^.]*(\.[^.]*)*[^.]$/, what);
      return true;
    });
  }
});

Deno.test("a Parquet file whose groups all point to the same million values is refused", async () => {
  const rows = 2 ** 20;
  const file = craftParquet({ rows, pages: equalValues(rows), groups: 200 });
  assert.ok(file.length < 10_000);
  await assert.rejects(readAll(file), /e\.parquet: the Parquet file expands to more than 100 times its size/);
});
