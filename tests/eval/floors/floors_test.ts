import assert from "node:assert/strict";
import { evaluateLatents } from "../../../eval/protocol/evaluate_latents.ts";
import { FLOORS, isFloor, viewPositionFeatures, withShuffledLabels } from "../../../eval/floors/floors.ts";
import { openDataset, pairStudies } from "../../../data/mod.ts";
import { SPLIT, syntheticStudies } from "../protocol/synthetic_studies.ts";

Deno.test("withShuffledLabels() permutes whole training studies, and nothing else", () => {
  const { table } = syntheticStudies();
  const shuffled = withShuffledLabels(table, { seed: 1 });
  const rows = (of: typeof table, split: number) =>
    [...of.splits.keys()].filter((study) => of.splits[study] === split).map((study) =>
      of.targets.map((target) => target[study]).join()
    );
  assert.deepEqual(rows(shuffled, SPLIT.train).sort(), rows(table, SPLIT.train).sort());
  assert.notDeepEqual(rows(shuffled, SPLIT.train), rows(table, SPLIT.train));
  for (const split of [SPLIT.validate, SPLIT.test]) assert.deepEqual(rows(shuffled, split), rows(table, split));
  assert.deepEqual(withShuffledLabels(table, { seed: 1 }).targets, shuffled.targets);
  assert.notDeepEqual(withShuffledLabels(table, { seed: 2 }).targets, shuffled.targets);
});

Deno.test("latents that predict a label clearly predict nothing of shuffled ones", async () => {
  const { table, views } = syntheticStudies();
  const auroc = async (of: typeof table) => {
    const { evaluations } = await evaluateLatents({
      run: { name: "a", method: "mmvm", seed: 0 },
      table: of,
      views: views.slice(0, 1),
      latents: "unimodal",
      bootstrap: { resamples: 20 },
    });
    return evaluations[0]!.metrics[0]!.auroc.value!;
  };
  assert.ok(await auroc(table) > 0.9);
  const shuffled = await Promise.all([1, 2, 3, 4].map((seed) => auroc(withShuffledLabels(table, { seed }))));
  const mean = shuffled.reduce((sum, value) => sum + value, 0) / shuffled.length;
  assert.ok(mean > 0.2 && mean < 0.8, `${shuffled}`);
});

Deno.test("viewPositionFeatures() counts a study's images by view and position, row by row", async () => {
  const index = await openDataset({ dataset: "mnist-pairs", mnist: { pairs: { train: 6, validate: 2, test: 2 } } });
  const pairs = pairStudies(index);
  const study = Int32Array.from([...pairs.study.slice(0, 3), pairs.study[0]!]);
  const latents = { view: "noisy", values: new Float32Array(8), dimension: 2, study };
  const { values, dimension, view } = viewPositionFeatures(latents, index);
  assert.equal(view, "noisy");
  assert.equal(dimension, 2 * (1 + index.images.positions.length));
  const row = (i: number) => [...values.subarray(i * dimension, (i + 1) * dimension)];
  // One image of each view, each at one position.
  assert.deepEqual(row(0).slice(0, 2), [1, 1]);
  assert.equal(row(0).reduce((sum, count) => sum + count, 0), 4);
  assert.deepEqual(row(3), row(0));
});

Deno.test("isFloor() knows the floors by name, also with a setting", () => {
  for (const floor of FLOORS) assert.ok(isFloor(floor) && isFloor(`${floor} (label-noise 0.2)`));
  assert.ok(!isFloor("mmvm") && !isFloor("untrained-like"));
});
