import assert from "node:assert/strict";
import { parse } from "csv-parse/sync";
import { aurocCsv } from "../../../../viz/report/client/csv.ts";
import { formatScore } from "../../../../viz/report/markup/format.ts";
import { summarise } from "../../../../viz/report/figures/summary.ts";
import { singleRunFixture } from "../fixture.ts";

const labels = ["Edema", 'He said "oedema", twice', "=HYPERLINK(1)", "two\nlines", "Pneumonia"];
const results = singleRunFixture({ labels, methods: ["poe", "mmvm"], seeds: [0, 1], studies: 60 });
const { summary } = summarise(results, [{ view: "frontal", label: "Edema", method: "mmvm", auroc: 0.863 }]);
const rows = parse(aurocCsv(summary, summary.primary)) as string[][];

Deno.test("aurocCsv() has a row for every view and label and the macro averages, as on the page", () => {
  assert.equal(rows.length, 1 + 2 * (labels.length + 1));
  assert.deepEqual(rows[0]!.slice(0, 8), ["View", "Label", "n+", "n-", "PoE", "PoE low", "PoE high", "PoE published"]);
  const row = rows.find((fields) => fields[0] === "Frontal" && fields[1] === "Edema")!;
  const cell = summary.cells[summary.primary]![0]![0]![1]!;
  assert.deepEqual(row.slice(8), [cell.value, cell.low, cell.high, 0.863].map(formatScore));
});

Deno.test("aurocCsv() preserves quotes, commas and line breaks in names and defuses formulas", () => {
  const found = rows.map((fields) => fields[1]);
  assert.ok(found.includes(labels[1]));
  assert.ok(found.includes(labels[3]));
  assert.ok(found.includes(`'${labels[2]}`));
});
