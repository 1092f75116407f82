import assert from "node:assert/strict";
import { projectLatents } from "../../../eval/protocol/projection.ts";
import type { StudyTable, ViewLatents } from "../../../eval/protocol/study_table.ts";
import { FastRandom } from "../../../base/random.ts";

/** A table with all studies in the test split. */
function tableOf(studies: number): StudyTable {
  const ids = Array.from({ length: studies }, (_, i) => `${i}`);
  return {
    studyIds: ids,
    subjectIds: ids,
    viewPositions: ids.map(() => ""),
    splits: new Int8Array(studies).fill(2),
    labels: ["a"],
    targets: [new Int8Array(studies)],
    labelledStudies: () => [],
  };
}

const CASES = [{ id: "test", split: "test", studyIds: [], subjectIds: [], viewPositions: [], labels: [] }];

/** Latents with standard deviations 3, 2 and 0.1 along orthogonal directions, two rows per study. */
function latentsOf(studies: number, scales = [3, 2, 0.1]): ViewLatents {
  const random = new FastRandom(5);
  const directions = [[0.6, 0.8, 0], [-0.8, 0.6, 0], [0, 0, 1]];
  const values = new Float32Array(studies * 2 * 3);
  for (let study = 0; study < studies; study++) {
    const parts = scales.map((scale) => scale * (random.uniform() - 0.5));
    for (const row of [2 * study, 2 * study + 1]) {
      for (let d = 0; d < 3; d++) {
        values[row * 3 + d] = 7 + parts.reduce((sum, part, k) => sum + part * directions[k]![d]!, 0);
      }
    }
  }
  return {
    view: "frontal",
    values,
    dimension: 3,
    study: Int32Array.from({ length: 2 * studies }, (_, row) => row >> 1),
  };
}

Deno.test("projectLatents() finds the principal axes, with one point per study", () => {
  const [pca] = projectLatents(latentsOf(20), { run: "r", table: tableOf(20), cases: CASES });
  assert.equal(pca!.kind, "pca");
  assert.equal(pca!.x.length, 20);
  const variance = (list: readonly number[]) => list.reduce((sum, value) => sum + value * value, 0) / list.length;
  assert.ok(Math.abs(pca!.x.reduce((a, b) => a + b, 0)) < 1e-3, "centred");
  assert.ok(variance(pca!.x) > variance(pca!.y));
  const [first, second] = pca!.explained!;
  assert.ok(first! > second! && first! + second! > 0.99 && first! + second! <= 1 + 1e-9);
});

Deno.test("projectLatents() adds a deterministic UMAP if there are enough studies", () => {
  const once = projectLatents(latentsOf(60), { run: "r", table: tableOf(60), cases: CASES });
  assert.deepEqual(once.map(({ kind }) => kind), ["pca", "umap"]);
  assert.ok(once[1]!.x.every(Number.isFinite) && once[1]!.x.length === 60);
  assert.deepEqual(projectLatents(latentsOf(60), { run: "r", table: tableOf(60), cases: CASES }), once);
});

Deno.test("projectLatents() returns zeros for constant latents", () => {
  const [pca] = projectLatents(latentsOf(10, [0, 0, 0]), { run: "r", table: tableOf(10), cases: CASES });
  assert.ok([...pca!.x, ...pca!.y, ...pca!.explained!].every((value) => value === 0));
});
