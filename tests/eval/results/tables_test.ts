import assert from "node:assert/strict";
import { join } from "node:path";
import { PUBLISHED_AUROC } from "../../../eval/results/published_auroc.ts";
import { formatCalibrationTable } from "../../../eval/results/calibration_table.ts";
import { formatMacroTable } from "../../../eval/results/macro_table.ts";
import type { Comparison, Results } from "../../../eval/results/results.ts";
import { formatAurocTable, formatComparisonTable } from "../../../eval/results/tables.ts";
import { syntheticResults } from "./synthetic_results.ts";

const mmvm = await syntheticResults({ name: "m0", method: "mmvm" });
const mmvmAgain = await syntheticResults({ name: "m1", method: "mmvm", seed: 1, noise: 0.3 });
const independent = await syntheticResults({ name: "i0", method: "independent", noise: 1.5 });

Deno.test("formatAurocTable() shows labels by methods with intervals and lists excluded labels", () => {
  const text = formatAurocTable([mmvm, independent]);
  const [frontal, lateral, legend] = text.split("\n\n");
  assert.match(frontal!, /^AUROC, frontal, logistic regression on unimodal latents, 100% of the labels\n/);
  assert.match(lateral!, /^AUROC, lateral, /);
  assert.equal(legend, "in percent [95% interval of a bootstrap over patients]");
  const lines = frontal!.split("\n");
  assert.match(lines[1]!, /^ +mmvm +independent$/);
  const { value, low, high } = mmvm.evaluations[0]!.metrics[0]!.auroc;
  const cell = `${(value! * 100).toFixed(1)} [${(low! * 100).toFixed(1)}, ${(high! * 100).toFixed(1)}]`;
  assert.ok(lines[2]!.startsWith("clear ") && lines[2]!.includes(cell), lines[2]);
  assert.match(lines[4]!, /^never +n\/a +n\/a$/);
  assert.match(lines[7]!, /^macro over 3 of 5 +\d+\.\d \[/);
  assert.equal(lines[8], "excluded from the macro average (only one class): never, absent");
});

Deno.test("formatCalibrationTable() gives the mean errors before and after, and nothing for older results", () => {
  const [head, first] = formatCalibrationTable(mmvm).split("\n");
  assert.match(head!, /^expected calibration error +labels +before +after +median temperature$/);
  const measured = mmvm.evaluations[0]!.metrics.flatMap(({ calibration }) => calibration?.scaled ? [calibration] : []);
  const mean = (of: (one: typeof measured[number]) => number) =>
    (100 * measured.reduce((sum, one) => sum + of(one), 0) / measured.length).toFixed(1);
  const cells = [measured.length, mean((one) => one.error!), mean((one) => one.scaled!.error!)].join(" +");
  assert.match(first!, new RegExp(`^mmvm: frontal, logistic regression on unimodal latents, .* +${cells} +\\d`));
  const older = structuredClone(mmvm);
  for (const { metrics } of older.evaluations) for (const metric of metrics) delete metric.calibration;
  assert.equal(formatCalibrationTable(older), "");
});

Deno.test("formatAurocTable() averages seeds and shows their standard deviation", () => {
  const line = formatAurocTable([mmvm, mmvmAgain]).split("\n").find((text) => text.startsWith("clear"))!;
  const [a, b] = [mmvm, mmvmAgain].map((file) => file.evaluations[0]!.metrics[0]!.auroc.value! * 100);
  const spread = Math.abs(a! - b!) / Math.SQRT2;
  assert.match(line, new RegExp(`${((a! + b!) / 2).toFixed(1)} ±${spread.toFixed(1)} \\[`));
});

Deno.test("formatAurocTable() averages over the labels that all methods have", () => {
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

Deno.test("formatAurocTable() shows published numbers by label, and the mean only with all 14 labels", () => {
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

/** Comparisons of one view, for a label and for the macro average. */
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

Deno.test("formatComparisonTable() shows macro or per-label differences, with stars if significant", () => {
  assert.deepEqual(formatComparisonTable(comparisons).split("\n"), [
    "frontal, random forest on unimodal latents, 10% of the labels",
    "difference of AUROC  label       points [95%]      p  p (Holm)",
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

Deno.test("formatComparisonTable() states if labels were compared by DeLong's test", () => {
  const comparison: Comparison = {
    view: "noisy",
    label: "7",
    labelledFraction: 0.2,
    probe: "logistic-regression",
    baseline: "poe",
    method: "mmvm",
    difference: { value: 0.01, low: 0, high: 0.02 },
    p: 0.04,
    pHolm: 0.04,
    test: "delong",
  };
  const [head] = formatComparisonTable([comparison], { perLabel: true }).split("\n");
  assert.equal(head, "noisy, logistic regression, 20% of the labels; labels by DeLong's test");
});

Deno.test("formatAurocTable() ends with accuracy for mutually exclusive labels", () => {
  const digits = [mmvm, independent].map((results) => structuredClone(results));
  for (const [i, { evaluations }] of digits.entries()) {
    for (const e of evaluations) e.accuracy = { value: 0.7 + 0.1 * i, low: 0.65, high: 0.9 };
  }
  const [frontal] = formatAurocTable(digits).split("\n\n");
  assert.match(frontal!, /\naccuracy +70\.0 \[65\.0, 90\.0\] +80\.0 \[65\.0, 90\.0\]\n/);
  assert.doesNotMatch(formatAurocTable(mmvm), /accuracy/);
});

Deno.test("formatMacroTable() has a row per setting and a column per method, over common labels", () => {
  const noisy = [mmvm, independent].map((results) => structuredClone(results));
  for (const { evaluations } of noisy) for (const e of evaluations) e.setting = { "label-noise": 0.2 };
  for (const e of noisy[0]!.evaluations) {
    e.metrics[1]!.auroc = { value: null, low: null, high: null };
    const [clear, , , , unsure] = e.metrics;
    const value = (clear!.auroc.value! + unsure!.auroc.value!) / 2;
    const auroc = { value, low: null, high: null };
    e.macro = { ...e.macro, auroc, labels: ["clear", "unsure"], excluded: ["faint", "never", "absent"] };
  }
  const all: Results = {
    ...mmvm,
    runs: [...mmvm.runs, ...independent.runs],
    evaluations: [mmvm, independent, ...noisy].flatMap(({ evaluations }) => evaluations),
  };
  const [frontal, lateral, legend] = formatMacroTable(all, { by: "method" }).split("\n\n");
  const lines = frontal!.split("\n");
  assert.equal(lines[0], "macro AUROC over 2 of 5 labels, frontal, logistic regression");
  assert.match(lines[1]!, /^ +mmvm +independent$/);
  const shared = ({ evaluations: [first] }: Results) => {
    const [clear, , , , unsure] = first!.metrics;
    return ((clear!.auroc.value! + unsure!.auroc.value!) / 2 * 100).toFixed(1);
  };
  for (const [i, name] of ["100% of the labels", "label-noise 0.2, 100% of the labels"].entries()) {
    assert.ok(lines[2 + i]!.startsWith(name));
    assert.ok(lines[2 + i]!.includes(` ${shared(mmvm)}`) && lines[2 + i]!.includes(` ${shared(independent)}`));
  }
  assert.equal(lines[4], "excluded (not in every row): faint, never, absent");
  assert.match(lateral!, /lateral/);
  assert.match(legend!, /^in percent/);
});

Deno.test("formatMacroTable() transposes a single row", () => {
  const text = formatMacroTable(mmvm, { by: "method" });
  assert.match(text, /^macro AUROC over 3 of 5 labels, frontal, logistic regression\nmmvm +\d+\.\d \[/);
});

Deno.test("PUBLISHED_AUROC matches the reference table", async () => {
  const lines = (await Deno.readTextFile(join(import.meta.dirname!, "../..", "golden", "paper_auroc.csv"))).trim()
    .split(
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
