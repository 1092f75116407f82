import assert from "node:assert/strict";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { readCsv } from "../../../data/readers/csv.ts";
import { DataError } from "../../../base/errors.ts";
import { inTempDir } from "../fixture.ts";

async function readText(
  content: string | Uint8Array,
  options: { columns: string[]; name?: string; onRagged?: boolean },
) {
  const rows: string[][] = [];
  const ragged: number[] = [];
  await inTempDir(async (directory) => {
    const path = join(directory, options.name ?? "table.csv");
    await Deno.writeFile(path, typeof content === "string" ? new TextEncoder().encode(content) : content);
    await readCsv(path, {
      columns: options.columns,
      onRow: (cells, line) => void rows.push([...cells, String(line)]),
      ...(options.onRagged ? { onRagged: (line: number) => void ragged.push(line) } : {}),
    });
  });
  return { rows, ragged };
}

function refuses(content: string | Uint8Array, options: { columns: string[]; name?: string; says: RegExp }) {
  return assert.rejects(readText(content, options), (error) => {
    assert.ok(error instanceof DataError, String(error));
    assert.match(error.message, options.says);
    return true;
  });
}

Deno.test("readCsv() finds columns by name, in the order asked for, with line numbers", async () => {
  const { rows } = await readText("a,b,c\n1,2,3\n4,5,6\n", { columns: ["c", "a"] });
  assert.deepEqual(rows, [["3", "1", "2"], ["6", "4", "3"]]);
});

Deno.test("readCsv() understands a byte order mark, CRLF, quotes, quoted line ends and a missing last line end", async () => {
  const { rows } = await readText('\uFEFFa,"b"\r\n"x, y","he said ""no"""\r\n"two\nlines",4', { columns: ["a", "b"] });
  assert.deepEqual(rows.map(([a, b]) => [a, b]), [["x, y", 'he said "no"'], ["two\nlines", "4"]]);
});

Deno.test("readCsv() reads gzipped tables, also of several members", async () => {
  const parts = [gzipSync("a,b\n1,2\n"), gzipSync("3,4\n")];
  const joined = new Uint8Array(parts[0]!.length + parts[1]!.length);
  joined.set(parts[0]!);
  joined.set(parts[1]!, parts[0]!.length);
  const { rows } = await readText(joined, { columns: ["a"], name: "table.csv.gz" });
  assert.deepEqual(rows.map(([a]) => a), ["1", "3"]);
});

Deno.test("readCsv() hands ragged rows over by line, or refuses the file", async () => {
  const text = "a,b\n1,2\n3\n4,5,6\n7,8\n";
  const { rows, ragged } = await readText(text, { columns: ["a"], onRagged: true });
  assert.deepEqual(rows.map(([a]) => a), ["1", "7"]);
  assert.deepEqual(ragged, [3, 4]);
  await refuses(text, { columns: ["a"], says: /table\.csv, line 3: 1 fields where the header has 2/ });
});

Deno.test("readCsv() names file, line and column of what it refuses", async () => {
  await refuses("", { columns: ["a"], says: /table\.csv: the file is empty/ });
  await refuses("x,y\n1,2\n", {
    columns: ["a"],
    says: /line 1, column "a": the column is missing; the header has "x", "y"/,
  });
  await refuses("a,b,a\n1,2,3\n", { columns: ["a"], says: /column "a": the column appears twice/ });
  await refuses('a,b\n1,"2\n3,4\n', { columns: ["a"], says: /a quote is opened and never closed/ });
  await refuses('a,b\n1,2\n3,x"4\n', { columns: ["a"], says: /line 3: not a valid CSV record/ });
  await refuses(`a\n"${"x".repeat(3 << 20)}"\n`, { columns: ["a"], says: /longer than 1 MiB/ });
});

Deno.test("readCsv() refuses damaged gzip data", async () => {
  const whole = gzipSync("a,b\n" + "1,2\n".repeat(50_000));
  await refuses(whole.subarray(0, whole.length / 2), {
    columns: ["a"],
    name: "t.csv.gz",
    says: /t\.csv\.gz: the gzip data is damaged/,
  });
  await refuses("a,b\n1,2\n", { columns: ["a"], name: "t.csv.gz", says: /the gzip data is damaged/ });
});

Deno.test("readCsv() does not hold an endless record of a gzip bomb in memory", async () => {
  const bomb = gzipSync(new Uint8Array(64 << 20).fill(120));
  await refuses(bomb, { columns: ["a"], name: "t.csv.gz", says: /longer than 1 MiB/ });
});

Deno.test("readCsv() says that a file is missing", async () => {
  await assert.rejects(
    readCsv("/nowhere/t.csv", { columns: ["a"], onRow: () => {} }),
    /\/nowhere\/t\.csv: the file is missing/,
  );
  await assert.rejects(readCsv("/nowhere/t.csv.gz", { columns: ["a"], onRow: () => {} }), /the file is missing/);
});

Deno.test("readCsv() ends with what a callback throws", async () => {
  await inTempDir(async (directory) => {
    const path = join(directory, "t.csv");
    await Deno.writeTextFile(path, "a\n1\n2\n");
    const onRow = () => {
      throw new DataError("no");
    };
    await assert.rejects(readCsv(path, { columns: ["a"], onRow }), /^DataError: no$/);
  });
});
