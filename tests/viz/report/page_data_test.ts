import assert from "node:assert/strict";
import { readComparisons } from "../../../viz/report/figures/comparisons.ts";
import { formatDifference, formatP, formatScore } from "../../../viz/report/markup/format.ts";
import { collectLatents } from "../../../viz/report/figures/latents.ts";
import { packPageData, unpackPageData } from "../../../viz/report/page_data.ts";
import { summarise } from "../../../viz/report/figures/summary.ts";
import { singleRunFixture } from "./fixture.ts";

const results = singleRunFixture({ methods: ["poe", "mmvm"], seeds: [0, 1], studies: 60 });
const { summary } = summarise(results);
const data = {
  summary,
  comparisons: readComparisons(results.comparisons),
  latents: collectLatents({ results, summary, includeIds: false }),
};
const there = unpackPageData(JSON.parse(JSON.stringify(packPageData(data))));

Deno.test("the data of the client script displays the same values as the original data", () => {
  assert.deepEqual(there.latents, data.latents);
  assert.deepEqual(there.summary.arms, summary.arms);
  data.comparisons.forEach((row, i) => {
    const back = there.comparisons[i]!;
    const shown = (one: typeof row) => [
      ...[one.view, one.label, one.probe, one.latents, one.setting, one.fraction, one.baseline, one.method],
      ...[one.difference.value, one.difference.low, one.difference.high].map(formatDifference),
      ...[one.p, one.pHolm].map(formatP),
    ];
    assert.deepEqual(shown(back), shown(row));
  });
  summary.cells.flat(3).forEach((cell, i) => {
    const back = there.summary.cells.flat(3)[i]!;
    assert.equal(back?.mark, cell?.mark);
    assert.deepEqual(
      [back?.value, back?.low, back?.spread].map(formatScore),
      [cell?.value, cell?.low, cell?.spread].map(formatScore),
    );
  });
});

Deno.test("collectLatents() keeps at most a few hundred evenly spaced studies and no identifier", () => {
  const many = singleRunFixture({ studies: 1500, labels: ["Edema"], pictures: false });
  const latents = collectLatents({ results: many, summary: summarise(many).summary, includeIds: false });
  const { x, y, cases } = latents.projections[0]!;
  assert.equal(x.length, 600);
  assert.equal(latents.states[cases]![0]!.length, 600);
  assert.ok([...x, ...y].every((value) => Number.isInteger(value) && value >= 0 && value <= 1000));
  assert.ok(latents.names.flat().every((name) => !many.cases[0]!.studyIds.some((id) => name.includes(id))));
  const named = collectLatents({ results: many, summary: summarise(many).summary, includeIds: true });
  assert.ok(named.names[0]![0]!.includes(many.cases[0]!.studyIds[0]!));
});

Deno.test("collectLatents() omits a projection whose length differs from its cases", () => {
  const broken = structuredClone(results);
  broken.projections = [{ ...broken.projections[0]!, x: [1, 2], y: [1, 2] }, {
    ...broken.projections[1]!,
    cases: "none",
  }];
  assert.deepEqual(collectLatents({ results: broken, summary, includeIds: false }).projections, []);
});
