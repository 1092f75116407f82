import assert from "node:assert/strict";
import fc from "fast-check";
import {
  adjustedRandIndex,
  normalizedMutualInformation,
} from "../../../../eval/metrics/generative/cluster_agreement.ts";
import { kMeans } from "../../../../eval/metrics/generative/k_means.ts";
import { silhouette } from "../../../../eval/metrics/generative/silhouette.ts";

const near = (value: number | null, expected: number) => assert.ok(Math.abs(value! - expected) < 1e-12, `${value}`);
const POINTS = {
  values: Float64Array.from([0, 0, 1, 0.5, 0.2, 1, 5, 5, 6, 5, 5.5, 6.2, 9, 0, 8.5, 1, 4, 4]),
  rows: 9,
  columns: 2,
};

Deno.test("agreement of partitions equals scikit-learn 1.2", () => {
  const [a, b] = [[0, 0, 0, 1, 1, 1, 2, 2, 2, 2], [0, 0, 1, 1, 1, 1, 2, 2, 0, 3]];
  near(adjustedRandIndex(a, b), 0.28);
  near(normalizedMutualInformation(a, b), 0.568241032922968);
});

Deno.test("silhouette() equals scikit-learn 1.2, with 0 for a case alone in its cluster", () => {
  near(silhouette(POINTS, [0, 0, 0, 1, 1, 1, 2, 2, 0]), 0.5994011526908714);
  near(silhouette(POINTS, [5, 5, 5, 1, 1, 1, 2, 2, 3]), 0.5761365134127087);
  assert.equal(silhouette(POINTS, new Array(9).fill(0)), null);
  assert.throws(() => silhouette(POINTS, [0]), /9 rows have 1 clusters/);
});

Deno.test("agreement does not depend on names, is symmetric, and 1 for equal partitions", () => {
  const partition = fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 })), {
    minLength: 2,
    maxLength: 30,
  });
  fc.assert(fc.property(partition, (pairs) => {
    const [a, b] = [pairs.map(([x]) => x), pairs.map(([, y]) => y)];
    for (const agreement of [adjustedRandIndex, normalizedMutualInformation]) {
      near(agreement(a, a.map((k) => 7 - k)), 1);
      near(agreement(a, b), agreement(b, a)!);
      assert.ok(agreement(a, b)! <= 1 + 1e-12);
    }
    assert.ok(normalizedMutualInformation(a, b)! >= 0);
  }));
  assert.equal(adjustedRandIndex([0], [0]), null);
  assert.equal(normalizedMutualInformation([], []), null);
  assert.throws(() => adjustedRandIndex([0, 1], [0]), /cover 2 and 1 cases/);
});

Deno.test("kMeans() finds separate groups whatever the seed, and the centres are the means", () => {
  for (const seed of [0, 1, 2]) {
    const { assignment, centres, inertia } = kMeans(POINTS, { clusters: 3, seed });
    assert.equal(adjustedRandIndex([...assignment], [0, 0, 0, 1, 1, 1, 2, 2, 1]), 1);
    let expected = 0;
    for (let i = 0; i < 9; i++) {
      for (let j = 0; j < 2; j++) {
        const members = [...assignment.keys()].filter((m) => assignment[m] === assignment[i]);
        const mean = members.reduce((sum, m) => sum + POINTS.values[m * 2 + j]!, 0) / members.length;
        near(centres[assignment[i]! * 2 + j]!, mean);
        expected += (POINTS.values[i * 2 + j]! - mean) ** 2;
      }
    }
    near(inertia, expected);
  }
  near(kMeans(POINTS, { clusters: 9 }).inertia, 0);
  assert.throws(() => kMeans(POINTS, { clusters: 10 }), /9 points can form 1 to 9 clusters, but not 10/);
});

Deno.test("kMeans() takes points that are all equal", () => {
  const { assignment } = kMeans({ values: new Float64Array(6), rows: 3, columns: 2 }, { clusters: 2 });
  assert.deepEqual([...assignment], [0, 0, 0]);
});
