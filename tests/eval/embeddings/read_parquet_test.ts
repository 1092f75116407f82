/** Tables of embeddings in Parquet: pandas's and pyarrow's (see golden/make_parquet_golden.py), and written here. */
import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { type ColumnSource, parquetWriteBuffer, type SchemaElement } from "hyparquet-writer";
import { DataError } from "../../../base/errors.ts";
import { readEmbeddings, type ReadEmbeddingsOptions } from "../../../eval/mod.ts";
import { smallIndex } from "./small_index.ts";

const { index, pairs } = smallIndex();
const ids = [...index.images.ids];
/** As in the golden files: the number of the image, that and a half, and its negative. */
const vectors = ids.map((_, image) => [image, image + 0.5, 0 - image]);
const GOLDEN = new URL("./golden/", import.meta.url);
const golden = (name: string) => Deno.readFileSync(new URL(`${name}.parquet`, GOLDEN));

async function read(file: Uint8Array, options: Partial<ReadEmbeddingsOptions> & { csv?: string } = {}) {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeFile(join(folder, "e.parquet"), file);
    if (options.csv !== undefined) await Deno.writeTextFile(join(folder, "e.csv"), options.csv);
    return await readEmbeddings(join(folder, "e.parquet"), { index, pairs, ...options });
  } catch (error) {
    if (error instanceof Error) error.message = error.message.replaceAll(`${folder}/`, "");
    throw error;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function assertPairs({ views, format }: Awaited<ReturnType<typeof read>>) {
  assert.equal(format, "parquet");
  assert.deepEqual(views.map(({ view }) => view), ["frontal", "lateral"]);
  for (const [v, { values, study }] of views.entries()) {
    assert.deepEqual([...study], [...pairs.study]);
    assert.deepEqual([...values], [...pairs.study.keys()].flatMap((pair) => vectors[pairs.images[pair * 2 + v]!]!));
  }
}

interface Table {
  readonly columns: readonly ColumnSource[];
  readonly lists?: readonly string[];
  readonly rowGroupSize?: number;
  readonly codec?: "SNAPPY" | "UNCOMPRESSED";
}

/** Writes a table; the columns named in `lists` are lists of FLOAT. */
function write({ columns, lists = [], rowGroupSize = 5, codec = "SNAPPY" }: Table): Uint8Array {
  const schema = columns.flatMap(({ name, type }): SchemaElement[] => {
    if (lists.includes(name)) {
      return [
        { name, repetition_type: "OPTIONAL", num_children: 1, converted_type: "LIST" },
        { name: "list", repetition_type: "REPEATED", num_children: 1 },
        { name: "element", repetition_type: "OPTIONAL", type: "FLOAT" },
      ];
    }
    if (type === "STRING") return [{ name, type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" }];
    return [{ name, type: type as "FLOAT", repetition_type: "OPTIONAL" }];
  });
  const columnData = columns.map(({ name, data }) => ({ name, data }));
  const root: SchemaElement = { name: "root", num_children: columns.length };
  return new Uint8Array(parquetWriteBuffer({ columnData, schema: [root, ...schema], rowGroupSize, codec }));
}

const idColumn: ColumnSource = { name: "dicom_id", data: ids, type: "STRING" };
const wideColumns = (rows: readonly (readonly number[])[], type: "FLOAT" | "DOUBLE" = "FLOAT") =>
  rows[0]!.map((_, d): ColumnSource => ({ name: `e_${d}`, data: rows.map((row) => row[d]!), type }));

Deno.test("readEmbeddings() reads pandas's and pyarrow's lists and columns in every codec and version", async () => {
  const names = ["plain", "snappy", "gzip", "zstd", "brotli"].map((codec) => `list_${codec}`);
  const others = ["index", "wide_f32", "wide_f64_groups", "wide_streams", "wide_checksum", "fixed_v2_groups"];
  for (const name of [...names, ...others, "half_small_pages"]) {
    await read(golden(name)).then(assertPairs).catch((error) => Promise.reject(new Error(name, { cause: error })));
  }
});

Deno.test("readEmbeddings() reads identifiers that are text, integers or whole floats", async () => {
  for (const type of ["text", "int32", "int64", "float64"]) {
    const { views } = await read(golden(`studies_${type}`));
    assert.deepEqual(views.map(({ view, values }) => [view, [...values]]), [
      ["joint", [...pairs.study].flatMap((study) => [study, study])],
    ]);
  }
});

Deno.test("readEmbeddings() reads what another program writes, in several groups of rows", async () => {
  for (const rowGroupSize of [1, 5, 100]) {
    for (const codec of ["SNAPPY", "UNCOMPRESSED"] as const) {
      for (const type of ["FLOAT", "DOUBLE"] as const) {
        assertPairs(await read(write({ columns: [idColumn, ...wideColumns(vectors, type)], rowGroupSize, codec })));
      }
      const lists = { columns: [{ name: "v", data: vectors }, idColumn], lists: ["v"] };
      assertPairs(await read(write({ ...lists, rowGroupSize, codec })));
    }
  }
});

Deno.test("readEmbeddings() takes a column of lists for each view, and a table beside the file", async () => {
  const imageOf = (v: number) => [...pairs.study.keys()].map((pair) => pairs.images[pair * 2 + v]!);
  const file = write({
    columns: [
      { name: "mu.frontal", data: imageOf(0).map((image) => vectors[image]!) },
      { name: "mu.lateral", data: imageOf(1).map((image) => vectors[image]!) },
    ],
    lists: ["mu.frontal", "mu.lateral"],
  });
  const lines = [...pairs.study.keys()].map((pair) => `${ids[imageOf(0)[pair]!]},${ids[imageOf(1)[pair]!]}`);
  assertPairs(await read(file, { csv: ["frontal,lateral", ...lines, ""].join("\n") }));
  await assert.rejects(read(file), /^DataError: e\.parquet: no table of identifiers is beside it/);
});

Deno.test("readEmbeddings() leaves other columns of a Parquet file alone", async () => {
  const others: ColumnSource[] = [
    { name: "age", data: ids.map((_, i) => i + 0.5), type: "DOUBLE" },
    { name: "label1", data: ids.map((_, i) => i), type: "INT32" },
    { name: "label2", data: ids.map((_, i) => i), type: "INT32" },
    { name: "report", data: ids.map(() => "x".repeat(10_000)), type: "STRING" },
  ];
  assertPairs(await read(write({ columns: [...others, idColumn, ...wideColumns(vectors)] })));
});

Deno.test("readEmbeddings() refuses a Parquet file's rows in one sentence that names the row", async () => {
  const wide = (rows: readonly (readonly (number | null)[])[], cells: ColumnSource = idColumn) =>
    write({ columns: [cells, ...wideColumns(rows as number[][])] });
  const list = (rows: readonly unknown[]) =>
    write({ columns: [idColumn, { name: "v", data: rows as number[] }], lists: ["v"] });
  const repeated = { ...idColumn, data: ids.with(3, ids[0]!) };
  const row = "e.parquet: dimension 1 of row 4 (e.parquet, row 4) is";
  const finite = "; every value must be a finite float32 number";
  const cases: [Uint8Array, string | RegExp][] = [
    [wide(vectors, repeated), 'e.parquet, row 3: "frontal-0" is on row 0 already; one row is needed for each'],
    [wide(vectors.with(4, [0, Infinity, 0])), `${row} Infinity${finite}`],
    [wide(vectors.with(4, [0, NaN, 0])), `${row} NaN${finite}`],
    [wide((vectors as (number | null)[][]).with(4, [0, null, 0])), `${row} NaN${finite}`],
    [list((vectors as (number | null)[][]).with(4, [0, null, 0])), `${row} NaN${finite}`],
    [list((vectors as unknown[]).with(4, null)), `${row.replace("dimension 1", "dimension 0")} NaN${finite}`],
    [list(vectors.with(4, [])), `${row.replace("dimension 1", "dimension 0")} NaN${finite}`],
    ...[[1, 2], [1, 2, 3, 4]].map((ragged): [Uint8Array, string] => [
      list(vectors.with(4, ragged)),
      `e.parquet: row 4 of the column "v" has ${ragged.length} numbers, but the first has 3; every row needs as many`,
    ]),
    [list(vectors.map(() => [])), 'e.parquet: the array "v" is empty'],
    [write({ columns: [idColumn] }), /^e\.parquet: no column holds vectors; write a column of lists of floats/],
    [
      write({ columns: [idColumn, { name: "0", data: ids.map((_, i) => i), type: "INT32" }] }),
      'e.parquet: the column "0" has the type INT32; embeddings must be FLOAT16, FLOAT or DOUBLE ' +
      '(`.astype("float32")`)',
    ],
    [
      wide(vectors, { name: "study_id", data: ids.map((_, i) => i), type: "FLOAT" }),
      /"study_id" has the type FLOAT; ident/,
    ],
    [wide(vectors, { ...idColumn, name: "name" }), /^e\.parquet: no table of identifiers is beside it/],
    [wide(vectors, { ...idColumn, data: ids.map(() => "") }), /^e\.parquet: no column holds identifiers/],
    [wide(vectors, { ...idColumn, data: ids.with(1, "x".repeat(5000)) }), /an identifier has 5000 bytes; at most 4096/],
    [
      write({ columns: [idColumn, ...["v", "w"].map((name) => ({ name, data: vectors }))], lists: ["v", "w"] }),
      /its arrays are "v", "w"; name them after the views/,
    ],
    [golden("list_plain").slice(0, -1), "e.parquet: the Parquet file is cut off: it must end with PAR1"],
  ];
  for (const [file, message] of cases) {
    await assert.rejects(read(file), (error) => {
      assert.ok(error instanceof DataError, String(error));
      if (typeof message === "string") assert.equal(error.message, message);
      else assert.match(error.message, message);
      return true;
    });
  }
});

Deno.test("readEmbeddings() reads a damaged Parquet file as something else or refuses it in a sentence", async () => {
  const names = ["list_plain", "list_snappy", "wide_f32", "wide_streams", "fixed_v2_groups", "half_small_pages"];
  const files = names.map(golden);
  // Half of the changes are at the end, where the metadata are.
  const place = fc.oneof(fc.nat(5000), fc.integer({ min: -1500, max: -1 }));
  const change = fc.record({ at: place, byte: fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 127, 128, 255)) });
  const changes = fc.array(change, { minLength: 1, maxLength: 3 });
  const [width, studies] = [3, pairs.study.length];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...files),
      changes,
      fc.option(fc.nat(3000), { freq: 10 }),
      async (whole, at, cut) => {
        const file = whole.slice(0, cut ?? whole.length);
        for (const { at: place, byte } of at) {
          const i = place < 0 ? file.length + place : place;
          if (i >= 0 && i < file.length) file[i] = byte;
        }
        try {
          const { views } = await read(file);
          assert.ok(
            views.every(({ values, dimension }) => dimension <= width && values.length === studies * dimension),
          );
          assert.ok(views.every(({ values }) => values.every(Number.isFinite)));
        } catch (error) {
          assert.ok(error instanceof DataError, error instanceof Error ? error.stack : String(error));
          assert.match(error.message, /^e\.parquet[:,] .*[^.]$/);
        }
      },
    ),
    { numRuns: 600 },
  );
});
