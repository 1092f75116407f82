import assert from "node:assert/strict";
import fc from "fast-check";
import { auroc } from "../../../eval/metrics/roc.ts";
import { binFeatures, findBinEdges } from "../../../eval/probes/binning.ts";
import { forestProbabilities } from "../../../eval/probes/random_forest.ts";
import { addPredictions, entropyTable, TreeGrower } from "../../../eval/probes/tree.ts";
import { FastRandom } from "../../../base/random.ts";
import { forestProbabilitiesOf, golden, splitTarget, testLatents, trainLatents } from "./golden_probes.ts";

Deno.test("forestProbabilities() is within 0.01 of scikit-learn's AUROC and close to its probabilities", async () => {
  const targets = golden.labels.map((label) => splitTarget(label.target));
  const predicted = await forestProbabilities(trainLatents, testLatents, {
    targets: targets.map((target) => target.train),
    trees: 1000,
    workers: 2,
  });
  for (const [i, label] of golden.labels.entries()) {
    const area = auroc([...targets[i]!.test], predicted[i]!)!;
    const want = label.forestAurocs.reduce((sum, value) => sum + value, 0) / label.forestAurocs.length;
    assert.ok(Math.abs(area - want) < 0.01, `${label.name}: AUROC ${area}, scikit-learn's ${want}`);
    const theirs = forestProbabilitiesOf(label);
    const difference = predicted[i]!.reduce((sum, p, q) => sum + Math.abs(p - theirs[q]!), 0) / theirs.length;
    // Two independent forests of 1,000 and 4,000 trees differ by up to 0.8 x 0.5 x sqrt(1 / 1000 + 1 / 4000) = 0.014.
    assert.ok(difference < 0.018, `${label.name}: probabilities differ by ${difference} on average`);
  }
});

const small = { values: trainLatents.values.subarray(0, 200 * 24), rows: 200, columns: 24 };
const smallTargets = golden.labels.slice(0, 2).map((label) => splitTarget(label.target).train.subarray(0, 200));

Deno.test("forestProbabilities() depends on the seed but not on the number of workers or other labels", async () => {
  const options = { trees: 70, seed: 3 };
  const alone = await forestProbabilities(small, testLatents, { ...options, targets: smallTargets, workers: 1 });
  const spread = await forestProbabilities(small, testLatents, { ...options, targets: smallTargets, workers: 2 });
  assert.deepEqual(alone, spread);
  const second = await forestProbabilities(small, testLatents, {
    ...options,
    targets: smallTargets.slice(1),
    workers: 1,
  });
  assert.deepEqual(second[0], alone[1]);
  const other = await forestProbabilities(small, testLatents, {
    ...options,
    seed: 4,
    targets: smallTargets,
    workers: 1,
  });
  assert.notDeepEqual(other, alone);
});

Deno.test("forestProbabilities() is null for one class, ignores rows with target -1 and reports progress", async () => {
  const one = new Int8Array(200).fill(1);
  const ignoring = smallTargets[0]!.map((value, i) => i < 100 ? value : -1);
  const seen: number[] = [];
  const [none, partly] = await forestProbabilities(small, testLatents, {
    targets: [one, ignoring],
    trees: 30,
    workers: 1,
    onProgress: (grown, total) => seen.push(grown, total),
  });
  assert.equal(none, null);
  const first = { values: small.values.subarray(0, 100 * 24), rows: 100, columns: 24 };
  const [same] = await forestProbabilities(first, testLatents, {
    targets: [ignoring.slice(0, 100)],
    trees: 30,
    workers: 1,
  });
  // Bins are computed from all rows, so that the forests are similar but not equal.
  const difference = partly!.reduce((sum, p, i) => sum + Math.abs(p - same![i]!), 0) / testLatents.rows;
  assert.ok(difference < 0.05, `mean difference ${difference}`);
  assert.deepEqual(seen, [20, 30, 30, 30]);
});

Deno.test("forestProbabilities() rejects NaN latents, different lengths and invalid options", async () => {
  const targets = smallTargets;
  const broken = { ...small, values: Float64Array.from(small.values) };
  broken.values[24 * 7 + 5] = NaN;
  await assert.rejects(forestProbabilities(broken, testLatents, { targets }), /row 7, column 5 is NaN/);
  await assert.rejects(forestProbabilities(small, broken, { targets }), /row 7, column 5 is NaN/);
  await assert.rejects(
    forestProbabilities(small, testLatents, { targets, trees: 0 }),
    /trees must be a positive integer/,
  );
  await assert.rejects(
    forestProbabilities(small, testLatents, { targets: [new Int8Array(3)] }),
    /target 0 covers 3 cases, but the features 200/,
  );
  const narrow = { values: new Float64Array(4), rows: 2, columns: 2 };
  await assert.rejects(forestProbabilities(small, narrow, { targets, trees: 1 }), /bins are for 24 features/);
});

Deno.test("binning preserves the order of values and separates few distinct values", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 1, maxLength: 700 }), (list) => {
      const matrix = { values: Float64Array.from(list), rows: list.length, columns: 1 };
      const edges = findBinEdges(matrix);
      const { bins } = binFeatures(matrix, edges);
      assert.ok(edges[0]!.every((edge, i) => i === 0 || edge > edges[0]![i - 1]!));
      for (let i = 1; i < list.length; i++) {
        if (list[i]! < list[i - 1]!) assert.ok(bins[i]! <= bins[i - 1]!);
        if (list[i] === list[i - 1]) assert.equal(bins[i], bins[i - 1]);
      }
      const distinct = new Set(list).size;
      if (distinct <= 50) assert.equal(new Set(bins).size, distinct);
    }),
  );
});

/** Grows one tree on all cases, each with multiplicity one. */
function growOn(
  bins: number[][],
  labels: number[],
  options = { maxDepth: 30, minSamplesSplit: 2, featuresPerSplit: 1 },
) {
  const rows = labels.length;
  const features = { bins: Uint8Array.from(bins.flat()), rows, columns: bins.length };
  const sample = {
    features,
    cases: Int32Array.from(labels, (_, i) => i),
    weights: new Int32Array(rows).fill(1),
    positives: Int32Array.from(labels),
  };
  const tree = new TreeGrower(features, options, entropyTable(rows)).grow(sample, new FastRandom(1));
  const predictions = new Float64Array(rows);
  addPredictions(predictions, tree, features);
  return { tree, predictions: [...predictions] };
}

Deno.test("a tree without limits fits separable cases exactly", () => {
  const column = Array.from({ length: 250 }, (_, i) => i);
  const labels = column.map((value) => (value * 37 % 11) < 4 ? 1 : 0);
  const options = { maxDepth: 250, minSamplesSplit: 2, featuresPerSplit: 1 };
  assert.deepEqual(growOn([column], labels, options).predictions, labels);
  // Constant features are skipped until one allows a split.
  assert.deepEqual(growOn([column.map(() => 3), column.map(() => 9), column], labels, options).predictions, labels);
});

Deno.test("a tree respects maxDepth and minSamplesSplit", () => {
  const column = Array.from({ length: 64 }, (_, i) => i);
  const labels = column.map((value) => value % 2);
  const shallow = growOn([column], labels, { maxDepth: 2, minSamplesSplit: 2, featuresPerSplit: 1 });
  assert.ok(shallow.tree.feature.length <= 7);
  const stump = growOn([column], labels, { maxDepth: 30, minSamplesSplit: 65, featuresPerSplit: 1 });
  assert.deepEqual(stump.predictions, labels.map(() => 0.5));
  const constant = growOn([column.map(() => 1)], labels);
  assert.deepEqual([...constant.tree.feature], [-1]);
});

Deno.test("a tree splits at the largest decrease of entropy, half-way through empty bins", () => {
  const { tree } = growOn([[10, 20, 30, 101, 110, 120]], [0, 0, 0, 1, 1, 1]);
  assert.deepEqual([...tree.feature], [0, -1, -1]);
  assert.equal(tree.bin[0], 65);
  assert.deepEqual([...tree.positiveShare], [0.5, 0, 1]);
});
