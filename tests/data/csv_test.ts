import assert from "node:assert/strict";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { readCsv } from "../../data/csv.ts";
import { CsvRecords } from "../../data/csv_records.ts";
import { DataError } from "../../data/errors.ts";
import { inTempDir } from "./fixture.ts";

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
  await refuses('a,b\n1,2\n3,x"4\n', { columns: ["a"], says: /line 3: a quote stands inside the unquoted field 2/ });
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

Deno.test("CsvRecords gives the records of csv-parse, however the text is cut into pieces", () => {
  const cell = fc.oneof(fc.constantFrom("", "a", '"', "\n", "\r\n", ",", 'x"y', " "), fc.string({ maxLength: 5 }));
  const quote = (text: string) => /[",\n\r]/.test(text) || text === "" ? `"${text.replaceAll('"', '""')}"` : text;
  const table = fc.array(fc.array(cell, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 5 });
  const property = fc.property(
    table,
    fc.constantFrom("\n", "\r\n"),
    fc.array(fc.nat(20)),
    fc.boolean(),
    (rows, end, cuts, last) => {
      const text = rows.map((row) => row.map(quote).join(",")).join(end) + (last ? end : "");
      const found: string[][] = [];
      const records = new CsvRecords((fields) => found.push(fields));
      let at = 0;
      for (const cut of cuts) {
        records.push(text.slice(at, at + cut));
        at = Math.min(text.length, at + cut);
      }
      records.push(text.slice(at));
      records.finish();
      assert.deepEqual(found, parse(text, { relax_column_count: true, record_delimiter: ["\r\n", "\n"] }));
      assert.deepEqual(found, rows);
    },
  );
  fc.assert(property, { numRuns: 500 });
});

Deno.test("CsvRecords refuses what csv-parse refuses", () => {
  const character = fc.constantFrom("a", ",", '"', "\n", " ");
  fc.assert(
    fc.property(fc.string({ unit: character, maxLength: 20 }), (text) => {
      const attempt = (read: () => string[][]) => {
        try {
          return read();
        } catch {
          return "refused";
        }
      };
      const ours = attempt(() => {
        const found: string[][] = [];
        const records = new CsvRecords((fields) => found.push(fields));
        records.push(text);
        records.finish();
        return found;
      });
      const options = { relax_column_count: true, skip_empty_lines: true, record_delimiter: ["\r\n", "\n"] };
      assert.deepEqual(ours, attempt(() => parse(text, options)), JSON.stringify(text));
    }),
    { numRuns: 2000 },
  );
});
