import assert from "node:assert/strict";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { readCsv, type RowFault } from "../../../data/readers/csv.ts";
import { DataError } from "../../../base/errors.ts";
import { inTempDir } from "../fixture.ts";

interface ReadTextOptions {
  columns: string[];
  optional?: string[];
  name?: string;
}

async function readText(content: string | Uint8Array, options: ReadTextOptions & { strict?: boolean }) {
  const rows: string[][] = [];
  const bad: [number, RowFault["kind"]][] = [];
  let count = 0;
  await inTempDir(async (directory) => {
    const path = join(directory, options.name ?? "table.csv");
    await Deno.writeFile(path, typeof content === "string" ? new TextEncoder().encode(content) : content);
    count = await readCsv(path, {
      columns: options.columns,
      ...(options.optional ? { optional: options.optional } : {}),
      onRow: (cells, line) => void rows.push([...cells, String(line)]),
      ...(options.strict ? {} : { onBadRow: (line, { kind }) => void bad.push([line, kind]) }),
    });
  });
  return { rows, bad, count };
}

function refuses(content: string | Uint8Array, options: ReadTextOptions & { says: RegExp }) {
  return assert.rejects(readText(content, { ...options, strict: true }), (error) => {
    assert.ok(error instanceof DataError, String(error));
    assert.match(error.message, options.says);
    return true;
  });
}

function encodeUtf16(text: string, { bigEndian = false, mark = true } = {}): Uint8Array {
  const marked = (mark ? "\uFEFF" : "") + text;
  const units = Array.from({ length: marked.length }, (_, i) => marked.charCodeAt(i));
  const bytes = new Uint8Array(units.length * 2);
  const view = new DataView(bytes.buffer);
  units.forEach((unit, i) => view.setUint16(2 * i, unit, !bigEndian));
  return bytes;
}

Deno.test("readCsv() finds columns by name, in the requested order, with line numbers", async () => {
  const { rows } = await readText("a,b,c\n1,2,3\n4,5,6\n", { columns: ["c", "a"] });
  assert.deepEqual(rows, [["3", "1", "2"], ["6", "4", "3"]]);
});

Deno.test("readCsv() accepts a byte order mark, CRLF, quotes, quoted newlines and no final newline", async () => {
  const { rows } = await readText('\uFEFFa,"b"\r\n"x, y","he said ""no"""\r\n"two\nlines",4', { columns: ["a", "b"] });
  assert.deepEqual(rows.map(([a, b]) => [a, b]), [["x, y", 'he said "no"'], ["two\nlines", "4"]]);
});

Deno.test("readCsv() trims column names and cells, and matches names case-insensitively", async () => {
  const { rows } = await readText(' a , "B" ,c\n 1 , "2" ,3\n', { columns: ["a", "b", "c"] });
  assert.deepEqual(rows, [["1", "2", "3", "2"]]);
  const exact = await readText("a,A\n1,2\n", { columns: ["A"] });
  assert.deepEqual(exact.rows, [["2", "2"]]);
});

Deno.test("readCsv() returns empty cells for missing optional columns", async () => {
  const { rows } = await readText("a\n1\n", { columns: ["a", "b"], optional: ["b"] });
  assert.deepEqual(rows, [["1", "", "2"]]);
});

Deno.test("readCsv() detects gzip by its signature, including multi-member and doubly gzipped files", async () => {
  const joined = new Uint8Array([...gzipSync("a,b\n1,2\n"), ...gzipSync("3,4\n")]);
  const twice = gzipSync(gzipSync("a,b\n1,2\n3,4\n"));
  const plain = new TextEncoder().encode("a,b\n1,2\n3,4\n");
  for (const content of [joined, twice, plain]) {
    for (const name of ["table.csv.gz", "table.csv"]) {
      const { rows } = await readText(content, { columns: ["a"], name });
      assert.deepEqual(rows.map(([a]) => a), ["1", "3"]);
    }
  }
});

Deno.test("readCsv() accepts any line endings, also mixed", async () => {
  for (const end of ["\n", "\r\n", "\r"]) {
    const { rows } = await readText(["a,b", "1,2", "", "3,4"].join(end), { columns: ["a"] });
    assert.deepEqual(rows, [["1", "2"], ["3", "4"]], JSON.stringify(end));
  }
  const { rows } = await readText("a\r1\n2\r\n3\r\r4", { columns: ["a"] });
  assert.deepEqual(rows, [["1", "2"], ["2", "3"], ["3", "4"], ["4", "6"]]);
});

Deno.test("readCsv() recognises semicolons, tabs and bars, and the line that declares a delimiter", async () => {
  for (const delimiter of [";", "\t", "|"]) {
    const text = `a${delimiter}b, c\n1${delimiter}"2${delimiter}3"\n`;
    const { rows } = await readText(text, { columns: ["a", "b, c"] });
    assert.deepEqual(rows, [["1", `2${delimiter}3`, "2"]], JSON.stringify(delimiter));
  }
  const declared = await readText("sep=^\r\na^b\r\n1^2\r\n", { columns: ["b"] });
  assert.deepEqual(declared.rows, [["2", "3"]]);
  const single = await readText("a;b\nx;y\n", { columns: ["a;b"] });
  assert.deepEqual(single.rows, [["x;y", "2"]], "a single column may hold any of them");
});

Deno.test("readCsv() reads UTF-8, UTF-16 of either order, with or without a mark, and Windows-1252", async () => {
  const text = "naïve,b\r\nJürgen,2\r\n";
  const encodings: [string, Uint8Array][] = [
    ["UTF-8", new TextEncoder().encode(text)],
    ["UTF-8 with a mark", new TextEncoder().encode("\uFEFF" + text)],
    ["UTF-16LE", encodeUtf16(text)],
    ["UTF-16BE", encodeUtf16(text, { bigEndian: true })],
    ["UTF-16LE without a mark", encodeUtf16(text, { mark: false })],
    ["UTF-16BE without a mark", encodeUtf16(text, { bigEndian: true, mark: false })],
    ["Windows-1252", Uint8Array.from(text, (character) => character.charCodeAt(0))],
    ["gzipped UTF-16", gzipSync(encodeUtf16(text))],
  ];
  for (const [what, bytes] of encodings) {
    const { rows } = await readText(bytes, { columns: ["naïve"] });
    assert.deepEqual(rows, [["Jürgen", "2"]], what);
  }
});

Deno.test("readCsv() reports unreadable records by line, or rejects the file", async () => {
  const text = 'a,b\n1,2\n3\n4,5,6\n7,8\n9,5" tube\n"x" y,1\n2,3,,\n';
  const { rows, bad, count } = await readText(text, { columns: ["a"] });
  assert.deepEqual(rows.map(([a]) => a), ["1", "7", "2"]);
  assert.deepEqual(bad, [[3, "fields"], [4, "fields"], [6, "quote"], [7, "quote"]]);
  assert.equal(count, 7);
  await refuses(text, { columns: ["a"], says: /table\.csv, line 3: 1 fields where the header has 2/ });
  await refuses('a\nx"\n', { columns: ["a"], says: /line 2: a quote stands inside an unquoted field/ });
});

Deno.test("readCsv() loses one row to an unclosed quote, not the rest of the file", async () => {
  const after = Array.from({ length: 100_000 }, (_, i) => `${i},y`);
  const { rows, bad } = await readText(["a,b", '1,"open', ...after].join("\n"), { columns: ["a"] });
  assert.deepEqual(bad, [[2, "quote"]]);
  assert.equal(rows.length, 100_000);
  assert.deepEqual(rows.at(-1), ["99999", "100002"]);
});

Deno.test("readCsv() skips blank lines and rows of blank cells", async () => {
  const { rows, count } = await readText("\n\na,b\n , \n,\n1,2\n\x1a", { columns: ["a"] });
  assert.deepEqual([rows, count], [[["1", "6"]], 1]);
  const lines = await readText("a\n" + "\n".repeat(2_000_000) + "1\n", { columns: ["a"] });
  assert.deepEqual(lines.rows, [["1", "2000002"]]);
});

Deno.test("readCsv() names file, line and column in errors", async () => {
  await refuses("", { columns: ["a"], says: /table\.csv: the file is empty/ });
  await refuses("\r\n\r\n", { columns: ["a"], says: /table\.csv: the file is empty/ });
  await refuses("x,y\n1,2\n", {
    columns: ["a"],
    says: /line 1, column "a": the column is missing; the header has "x", "y"/,
  });
  await refuses("a,b,a\n1,2,3\n", { columns: ["a"], says: /column "a": the column appears twice/ });
  await refuses('a,b"\n1,2\n', { columns: ["a"], says: /line 1: the header has a quote/ });
  await refuses(`a\n${"x".repeat(3 << 20)}\n`, { columns: ["a"], says: /line 2: a line is longer than 1 MiB/ });
  await refuses(`a\n"${"x".repeat(3 << 20)}"\n`, { columns: ["a"], says: /line 2: a line is longer than 1 MiB/ });
});

Deno.test("readCsv() identifies files that are not tables", async () => {
  const cases: [string | Uint8Array, RegExp][] = [
    [Uint8Array.of(0x50, 0x4b, 3, 4, 20, 0), /spreadsheet \(\.xlsx\)/],
    [Uint8Array.of(0x42, 0x5a, 0x68, 0x39), /bzip2/],
    [Uint8Array.of(0xff, 0xfe, 0, 0, 97, 0, 0, 0), /UTF-32/],
    [Uint8Array.of(97, 0, 0, 0, 98, 0, 0, 0), /not text: it has bytes of 0/],
    ["<!DOCTYPE html>\n<title>Log in</title>", /web page/],
    ["version https://git-lfs.github.com/spec/v1\n", /git lfs pull/],
  ];
  for (const [content, says] of cases) await refuses(content, { columns: ["a"], says });
});

Deno.test("readCsv() refuses damaged gzip data", async () => {
  const whole = gzipSync("a,b\n" + "1,2\n".repeat(50_000));
  const columns = ["a"];
  await refuses(whole.subarray(0, whole.length / 2), { columns, says: /table\.csv: the gzip data is damaged/ });
});

Deno.test("readCsv() does not hold an endless record of a gzip bomb in memory", async () => {
  const bomb = gzipSync(new Uint8Array(64 << 20).fill(120));
  await refuses(bomb, { columns: ["a"], name: "t.csv.gz", says: /longer than 1 MiB/ });
});

Deno.test("readCsv() reports a missing file", async () => {
  await assert.rejects(
    readCsv("/nowhere/t.csv", { columns: ["a"], onRow: () => {} }),
    /\/nowhere\/t\.csv: the file is missing/,
  );
  await assert.rejects(readCsv("/nowhere/t.csv.gz", { columns: ["a"], onRow: () => {} }), /the file is missing/);
});

Deno.test("readCsv() rethrows an exception from a callback", async () => {
  await inTempDir(async (directory) => {
    const path = join(directory, "t.csv");
    await Deno.writeTextFile(path, "a\n1\n2\n");
    const onRow = () => {
      throw new DataError("no");
    };
    await assert.rejects(readCsv(path, { columns: ["a"], onRow }), /^DataError: no$/);
  });
});

/** A cell without surrounding spaces, which the parser trims. */
const cell = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.string({
    unit: fc.constantFrom("a", '"', ",", ";", "\t", "|", "\n", "\r", "\r\n", " ", "é", "€", "𝒳"),
    maxLength: 12,
  }),
).map((text) => [...text].filter((character) => !"\0\uFEFF\uFFFD\x1a".includes(character)).join("").trim());

interface Dialect {
  delimiter: string;
  end: string;
  encoding: string;
  gzip: boolean;
  lastEnd: boolean;
  quoteAll: boolean;
  padding: string;
}

const dialect: fc.Arbitrary<Dialect> = fc.record({
  delimiter: fc.constantFrom(",", ";", "\t", "|"),
  end: fc.constantFrom("\n", "\r\n", "\r"),
  encoding: fc.constantFrom("utf-8", "utf-8 with a mark", "utf-16le", "utf-16be"),
  gzip: fc.boolean(),
  lastEnd: fc.boolean(),
  quoteAll: fc.boolean(),
  padding: fc.constantFrom("", " "),
});

function writeCsv(table: readonly string[][], options: Dialect) {
  const { delimiter, end, encoding, gzip, lastEnd, quoteAll, padding } = options;
  const field = (text: string) =>
    quoteAll || /[",;\t|\n\r]/.test(text) ? `${padding}"${text.replaceAll('"', '""')}"${padding}` : text;
  const text = table.map((row) => row.map(field).join(delimiter)).join(end) + (lastEnd ? end : "");
  const bytes = encoding === "utf-16le" || encoding === "utf-16be"
    ? encodeUtf16(text, { bigEndian: encoding === "utf-16be" })
    : new TextEncoder().encode((encoding === "utf-8" ? "" : "\uFEFF") + text);
  return gzip ? new Uint8Array(gzipSync(bytes)) : bytes;
}

Deno.test("readCsv() round-trips any table in any dialect", async () => {
  const table = fc.array(fc.tuple(fc.constant("k"), cell, cell).map((row) => [...row]), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(table, dialect, async (rows, options) => {
      const columns = ["key", "first", "second"];
      const read = await readText(writeCsv([columns, ...rows], options), { columns });
      assert.deepEqual(read.bad, []);
      assert.deepEqual(read.rows.map((row) => row.slice(0, 3)), rows);
    }),
    { numRuns: 300 },
  );
});

Deno.test("readCsv() agrees with csv-parse on valid CSV", async () => {
  const table = fc.array(fc.array(cell, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(table, fc.boolean(), async (rows, quoteAll) => {
      const options = {
        delimiter: ",",
        end: "\n",
        encoding: "utf-8",
        gzip: false,
        lastEnd: true,
        quoteAll,
        padding: "",
      };
      const bytes = writeCsv([["a", "b", "c"], ...rows], options);
      const expected = (parse(bytes as Uint8Array<ArrayBuffer>, {
        from: 2,
        skip_records_with_empty_values: true,
        record_delimiter: ["\n"],
      }) as string[][]).map((row) => row.map((value) => value.trim()));
      const read = await readText(bytes, { columns: ["a", "b", "c"] });
      assert.deepEqual(read.rows.map((row) => row.slice(0, 3)), expected);
    }),
    { numRuns: 300 },
  );
});

Deno.test("readCsv() terminates on arbitrary bytes, with rows or a DataError", async () => {
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    fc.string({ unit: fc.constantFrom("a", '"', ",", ";", "\n", "\r", " "), maxLength: 200 })
      .map((text) => new TextEncoder().encode(`a,b\n${text}`)),
  );
  await fc.assert(
    fc.asyncProperty(noise, async (bytes) => {
      try {
        const { rows, bad, count } = await readText(bytes, { columns: ["a"] });
        assert.equal(rows.length + bad.length, count, "every record is a row or is named");
      } catch (error) {
        assert.ok(error instanceof DataError, String(error));
      }
    }),
    { numRuns: 500 },
  );
});
