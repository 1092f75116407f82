import assert from "node:assert/strict";
import { clusterLatents } from "../../../eval/generative/cluster_latents.ts";
import type { StudyTable } from "../../../eval/protocol/study_table.ts";
import { FastRandom } from "../../../base/random.ts";

/** Test studies of three classes, and latents that lie around a place for each class; two rows a study. */
function studies() {
  const random = new FastRandom(3, 0);
  const classes = Array.from({ length: 60 }, (_, i) => i % 3);
  const study = Int32Array.from({ length: 120 }, (_, row) => row % 60);
  const values = Float32Array.from(
    { length: 240 },
    (_, i) => (classes[study[Math.floor(i / 2)]!]! === i % 2 + 1 ? 10 : 0) + random.normal(),
  );
  const table = {
    splits: new Int8Array(60).fill(2),
    targets: [0, 1, 2].map((k) => Int8Array.from(classes, (c) => c === k ? 1 : 0)),
  } as unknown as StudyTable;
  return { table, latents: { view: "frontal", values, dimension: 2, study } };
}

Deno.test("clusters of exclusive classes are compared with them", () => {
  const { table, latents } = studies();
  const [record] = clusterLatents([latents], { table, exclusive: true, seed: 0 });
  const { silhouette, ...rest } = record!;
  assert.deepEqual(rest, { view: "frontal", studies: 60, clusters: 3, ari: 1, nmi: 1 });
  assert.ok(silhouette! > 0.7);
});

Deno.test("without classes, the number of clusters is the one with the highest silhouette", () => {
  const { table, latents } = studies();
  const [record] = clusterLatents([latents], { table, exclusive: false, seed: 0 });
  assert.deepEqual([record!.clusters, record!.ari, record!.nmi], [3, null, null]);
});

Deno.test("views with fewer than two test studies have no clusters", () => {
  const { table, latents } = studies();
  const one = { ...latents, values: latents.values.slice(0, 2), study: latents.study.slice(0, 1) };
  assert.deepEqual(clusterLatents([one], { table, exclusive: true, seed: 0 }), []);
});
