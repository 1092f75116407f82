import assert from "node:assert/strict";
import type { Comparison, Results } from "../../../../eval/results/results.ts";
import { summarise } from "../../../../viz/report/figures/summary.ts";
import { singleRunFixture } from "../fixture.ts";

const options = {
  methods: ["independent", "mmvm", "supervised"],
  seeds: [0, 1, 2],
  fractions: [0.1, 1],
  studies: 80,
  pictures: false,
  projections: false,
} as const;
const results = singleRunFixture(options);
const { summary, find } = summarise(results);

Deno.test("cells contain the mean over runs and the value of each run", () => {
  summary.slices.forEach((slice, s) =>
    summary.views.forEach((view, v) =>
      summary.arms.forEach((arm, a) => {
        const runs = results.evaluations.filter((e) =>
          e.method === arm.method && e.view === view && e.labelledFraction === slice.fraction
        );
        [...summary.labels, null].forEach((label, row) => {
          const values = runs.map((e) =>
            label === null ? e.macro.auroc : e.metrics.find((m) => m.label === label)!.auroc
          );
          const cell = summary.cells[s]![v]![row]![a]!;
          if (values[0]!.value === null) return assert.equal(cell, null);
          const mean = (list: (number | null)[]) => list.reduce<number>((sum, x) => sum + x!, 0) / list.length;
          assert.ok(Math.abs(cell.value - mean(values.map((i) => i.value))) < 1e-12);
          assert.ok(Math.abs(cell.low! - mean(values.map((i) => i.low))) < 1e-12);
          assert.ok(Math.abs(cell.high! - mean(values.map((i) => i.high))) < 1e-12);
          assert.deepEqual(cell.each.map(([, value]) => value), values.map((i) => i.value));
        });
      })
    )
  );
});

Deno.test("the primary slice has all labels, and supervised classifiers appear in the slices of every probe", () => {
  assert.equal(summary.slices[summary.primary]!.fraction, 1);
  const both = summarise(singleRunFixture({ ...options, probes: ["logistic-regression", "random-forest"] })).summary;
  assert.equal(both.slices.length, 4);
  const supervised = both.arms.findIndex((arm) => arm.supervised);
  both.slices.forEach((_, s) => assert.ok(both.cells[s]![0]!.at(-1)![supervised] !== null));
  assert.equal(both.slices[both.primary]!.probe, "logistic-regression");
});

Deno.test("spread is the standard deviation over runs and null for one run", () => {
  const cell = summary.cells[summary.primary]![0]![0]![0]!;
  const values = cell.each.map(([, value]) => value);
  const variance = values.reduce((sum, value) => sum + (value - cell.value) ** 2, 0) / (values.length - 1);
  assert.ok(Math.abs(cell.spread! - Math.sqrt(variance)) < 1e-12);
  assert.equal(summarise(singleRunFixture({ studies: 40 })).summary.cells[0]![0]![0]![0]!.spread, null);
});

Deno.test("published values appear only for arms without a variant, by view and label", () => {
  const published = [
    { view: "frontal", label: "Edema", method: "mmvm", auroc: 0.863 },
    { view: "frontal", label: null, method: "mmvm", auroc: 0.733 },
    { view: "oblique", label: "Edema", method: "mmvm", auroc: 0.5 },
  ];
  const table = summarise(results, published).summary.published!;
  const mmvm = summary.arms.findIndex((arm) => arm.method === "mmvm");
  assert.equal(table[0]![summary.labels.indexOf("Edema")]![mmvm], 0.863);
  assert.equal(table[0]!.at(-1)![mmvm], 0.733);
  assert.equal(table.flat(2).filter((value) => value !== null).length, 2);
  assert.equal(summarise(results).summary.published, null);
  assert.equal(
    summarise(singleRunFixture({ setting: { alpha: 0.5 }, studies: 40 }), published).summary.published,
    null,
  );
});

Deno.test("counts are taken from the test studies", () => {
  const metrics = find({ slice: summary.primary, view: 0, arm: 0 })[0]!.metrics;
  summary.labels.forEach((_, l) => {
    const { positives, negatives } = metrics[l]!;
    assert.deepEqual(summary.counts[0]![l], { positives, negatives });
  });
});

Deno.test("summarise() of results without evaluations is empty", () => {
  const empty = summarise({ ...results, evaluations: [], comparisons: [] }).summary;
  assert.deepEqual([empty.arms, empty.views, empty.slices], [[], [], []]);
});

/** Three methods with macro AUROC 0.8, 0.79 and 0.7, and the given comparisons between them. */
function withMarks(comparisons: Partial<Comparison>[], half = 0.001): string[] {
  const one = singleRunFixture({ methods: ["independent", "poe", "mmvm"], studies: 40, labels: ["Edema"] });
  const value: Record<string, number> = { independent: 0.7, poe: 0.79, mmvm: 0.8 };
  const changed: Results = {
    ...one,
    evaluations: one.evaluations.map((e) => {
      const auroc = { value: value[e.method]!, low: value[e.method]! - half, high: value[e.method]! + half };
      return { ...e, macro: { ...e.macro, auroc } };
    }),
    comparisons: comparisons.map((comparison) => ({
      view: "frontal",
      label: null,
      labelledFraction: 1,
      probe: "logistic-regression",
      baseline: "poe",
      method: "mmvm",
      difference: { value: 0.01, low: 0.005, high: 0.015 },
      p: null,
      pHolm: null,
      test: "paired-bootstrap",
      ...comparison,
    })),
  };
  return summarise(changed).summary.cells[0]![0]!.at(-1)!.map((cell) => cell!.mark);
}

Deno.test("a method is tied with the best if their comparison is not significant", () => {
  assert.deepEqual(withMarks([{ p: 0.01, pHolm: 0.2 }]), ["", "tied", "best"]);
  assert.deepEqual(withMarks([{ p: 0.01, pHolm: 0.04 }], 0.11), ["tied", "", "best"]);
  assert.deepEqual(withMarks([{ baseline: "mmvm", method: "poe", p: 0.5 }]), ["", "tied", "best"]);
});

Deno.test("without p, ties use the interval of the difference; without a comparison, the method's own", () => {
  assert.deepEqual(withMarks([{ difference: { value: 0.01, low: -0.01, high: 0.03 } }]), ["", "tied", "best"]);
  assert.deepEqual(withMarks([{}], 0.11), ["tied", "", "best"]);
  assert.deepEqual(withMarks([], 0.02), ["", "tied", "best"]);
});

Deno.test("ties ignore comparisons of other views, fractions, probes and settings", () => {
  const elsewhere: Partial<Comparison>[] = [
    { view: "lateral" },
    { labelledFraction: 0.1 },
    { probe: "random-forest" },
    { latents: "aggregate" },
    { setting: { alpha: 1 } },
    { label: "Edema" },
  ];
  for (const place of elsewhere) assert.deepEqual(withMarks([{ ...place, p: 0.5 }]), ["", "", "best"]);
});

Deno.test("a row with a single method has no best mark", () => {
  const cells = summarise(singleRunFixture({ studies: 40 })).summary.cells[0]![0]!;
  for (const row of cells) assert.ok(row.every((cell) => cell === null || cell.mark === ""));
});
