import assert from "node:assert/strict";
import { join } from "node:path";
import { PUBLISHED_AUROC } from "../../eval/published_auroc.ts";
import type { Comparison } from "../../eval/results_schema.ts";
import { formatAurocTable, formatComparisonTable } from "../../eval/tables.ts";
import { syntheticResults } from "./synthetic_results.ts";

const mmvm = await syntheticResults({ name: "m0", method: "mmvm" });
const mmvmAgain = await syntheticResults({ name: "m1", method: "mmvm", seed: 1, noise: 0.3 });
const independent = await syntheticResults({ name: "i0", method: "independent", noise: 1.5 });

Deno.test("formatAurocTable() shows every label by method, with intervals, and names what the mean leaves out", () => {
  const text = formatAurocTable([mmvm, independent]);
  const [frontal, lateral, legend] = text.split("\n\n");
  assert.match(frontal!, /^AUROC, frontal, logistic regression on unimodal latents, 100 % of the labels\n/);
  assert.match(lateral!, /^AUROC, lateral, /);
  assert.equal(legend, "in percent [95 % interval for the choice of patients]");
  const lines = frontal!.split("\n");
  assert.match(lines[1]!, /^ +mmvm +independent$/);
  const { value, low, high } = mmvm.evaluations[0]!.metrics[0]!.auroc;
  const cell = `${(value! * 100).toFixed(1)} [${(low! * 100).toFixed(1)}, ${(high! * 100).toFixed(1)}]`;
  assert.ok(lines[2]!.startsWith("clear ") && lines[2]!.includes(cell), lines[2]);
  assert.match(lines[4]!, /^never +n\/a +n\/a$/);
  assert.match(lines[7]!, /^macro over 3 of 5 +\d+\.\d \[/);
  assert.equal(lines[8], "left out of the macro average (one class only): never, absent");
});

Deno.test("formatAurocTable() averages seeds, with their spread", () => {
  const line = formatAurocTable([mmvm, mmvmAgain]).split("\n").find((text) => text.startsWith("clear"))!;
  const [a, b] = [mmvm, mmvmAgain].map((file) => file.evaluations[0]!.metrics[0]!.auroc.value! * 100);
  const spread = Math.abs(a! - b!) / Math.SQRT2;
  assert.match(line, new RegExp(`${((a! + b!) / 2).toFixed(1)} ±${spread.toFixed(1)} \\[`));
});

Deno.test("formatAurocTable() takes the macro average over the labels that all methods have", () => {
  const fewer = structuredClone(independent);
  for (const e of fewer.evaluations) {
    e.metrics[1]!.auroc = { value: null, low: null, high: null };
    e.macro = { ...e.macro, labels: ["clear", "unsure"], excluded: ["faint", "never", "absent"] };
  }
  const lines = formatAurocTable([mmvm, fewer]).split("\n");
  const [clear, , , , unsure] = mmvm.evaluations[0]!.metrics;
  const shared = ((clear!.auroc.value! + unsure!.auroc.value!) / 2 * 100).toFixed(1);
  assert.match(lines[7]!, new RegExp(`^macro over 2 of 5 +${shared} +\\d+\\.\\d \\[`));
  assert.match(lines[8]!, /faint, never, absent$/);
});

Deno.test("formatAurocTable() shows published numbers beside labels that have them, the mean over all 14 only", () => {
  const renamed = structuredClone(mmvm);
  renamed.data.labels[0] = "Edema";
  for (const e of renamed.evaluations) {
    e.metrics[0]!.label = "Edema";
    e.macro.labels[0] = "Edema";
  }
  const lines = formatAurocTable(renamed, { published: PUBLISHED_AUROC }).split("\n");
  assert.match(lines[2]!, /\(86\.3\)$/);
  assert.doesNotMatch(lines[7]!, /\(/);
  assert.doesNotMatch(formatAurocTable(mmvm, { published: PUBLISHED_AUROC }), /\(73/);
});

/** Comparisons of one view, for a label and for the mean. */
const comparisons: Comparison[] = [
  {
    view: "frontal",
    label: "Edema",
    labelledFraction: 0.1,
    probe: "random-forest",
    latents: "unimodal",
    baseline: "poe",
    method: "mmvm",
    difference: { value: 0.021, low: -0.004, high: 0.0461 },
    p: 0.09,
    pHolm: 0.18,
    test: "paired-bootstrap",
  },
  {
    view: "frontal",
    label: null,
    labelledFraction: 0.1,
    probe: "random-forest",
    latents: "unimodal",
    baseline: "poe",
    method: "mmvm",
    difference: { value: 0.0151, low: 0.003, high: 0.0299 },
    p: 0.002,
    pHolm: 0.002,
    test: "paired-bootstrap",
  },
];

Deno.test("formatComparisonTable() shows macro differences, or every label, with stars where significant", () => {
  assert.deepEqual(formatComparisonTable(comparisons).split("\n"), [
    "frontal, random forest on unimodal latents, 10 % of the labels",
    "difference of AUROC  label      points [95 %]      p  p (Holm)",
    "mmvm - poe           macro  +1.5 [+0.3, +3.0]  0.002     0.002 *",
  ]);
  assert.deepEqual(formatComparisonTable(comparisons, { perLabel: true }).split("\n").slice(2), [
    "mmvm - poe           Edema  +2.1 [-0.4, +4.6]  0.090     0.180",
    "mmvm - poe           macro  +1.5 [+0.3, +3.0]  0.002     0.002 *",
  ]);
  const undefinedLabel: Comparison = {
    ...comparisons[0]!,
    difference: { value: null, low: null, high: null },
    p: null,
    pHolm: null,
  };
  assert.match(formatComparisonTable([undefinedLabel], { perLabel: true }), /Edema +n\/a +n\/a +n\/a$/);
  assert.equal(formatComparisonTable([]), "Nothing to compare.");
});

Deno.test("the published numbers are the reference table's", async () => {
  const lines = (await Deno.readTextFile(join(import.meta.dirname!, "..", "golden", "paper_auroc.csv"))).trim().split(
    "\n",
  );
  const [header, ...rows] = lines.filter((line) => !line.startsWith("#")).map((line) => line.trim().split(","));
  assert.equal(PUBLISHED_AUROC.length, rows.length * 7);
  for (const [view, label, ...cells] of rows) {
    for (const [i, cell] of cells.entries()) {
      const name = label!.startsWith("ALL") ? null : label;
      const found = PUBLISHED_AUROC.find((p) =>
        p.view === (view === "F" ? "frontal" : "lateral") && p.label === name &&
        p.method === header![i + 2]!.toLowerCase()
      )!;
      const [auroc, sd] = cell.split("±").map((text) => Number(text) / 100);
      assert.ok(Math.abs(found.auroc - auroc!) < 1e-12);
      if (name === null) assert.equal(found.sd, null);
      else assert.ok(Math.abs(found.sd! - sd!) < 1e-12);
    }
  }
});
