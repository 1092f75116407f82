import assert from "node:assert/strict";
import { join } from "node:path";
import { type ColumnSource, parquetWriteBuffer } from "hyparquet-writer";
import { openDataset } from "../../data/mod.ts";
import { writePhantoms } from "../../phantoms/mod.ts";
import { npyFile } from "../eval/embeddings/small_index.ts";
import { runProcess, taskCommand } from "../process.ts";

Deno.test("`deno task evaluate --embeddings` scores a Parquet file exactly as the same vectors in .npy", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const root = join(folder, "phantoms");
    await writePhantoms(root, { studies: 60, seed: 1, scale: 0.02, workers: 1 });
    const { images } = await openDataset({ root });
    const ids = [...images.ids];
    const vectors = ids.map((_, i) => [Math.fround(Math.sin(i)), Math.fround(Math.cos(3 * i)), images.study[i]! % 7]);
    await Deno.writeFile(join(folder, "array.npy"), npyFile(vectors));
    await Deno.writeTextFile(join(folder, "array.csv"), ["dicom_id", ...ids, ""].join("\n"));
    const columnData: ColumnSource[] = [
      { name: "dicom_id", data: ids, type: "STRING" },
      ...[0, 1, 2].map((d): ColumnSource => ({ name: `${d}`, data: vectors.map((row) => row[d]!), type: "FLOAT" })),
    ];
    const table = new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: 50 }));
    await Deno.writeFile(join(folder, "table.parquet"), table);
    const evaluate = (file: string) => {
      const args = ["--embeddings", file, "--data", root, "--name", "same", "--resamples", "20"];
      return runProcess([...taskCommand("evaluate"), ...args], { cwd: folder });
    };
    const results: Record<string, unknown>[] = [];
    for (const file of ["array.npy", "table.parquet"]) {
      const { code, stderr } = await evaluate(file);
      assert.equal(code, 0, stderr);
      results.push(JSON.parse(await Deno.readTextFile(join(folder, "runs/same/results.json"))));
    }
    const [npy, parquet] = results as [Record<string, unknown>, Record<string, unknown>];
    assert.ok((npy.evaluations as unknown[]).length > 0);
    for (const part of ["evaluations", "cases", "projections"]) assert.deepEqual(parquet[part], npy[part]);

    await Deno.writeFile(join(folder, "table.parquet"), table.subarray(0, -9));
    const { code, stderr } = await evaluate("table.parquet");
    assert.equal(code, 1);
    assert.match(stderr, /^error: .*table\.parquet: the Parquet file is cut off: it must end with PAR1\n$/m);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
