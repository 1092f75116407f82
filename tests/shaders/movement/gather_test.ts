/**
 * Lookups of rows, and their gradient.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Device } from "../../../runtime/device/device.ts";
import { lowerGather, lowerGatherGradient } from "../../../runtime/kernels/movement/gather.ts";
import { assertClose, normalData, uniformStream } from "../../reference/compare.ts";
import { gather, gatherGradient } from "../../reference/gather.ts";
import { runLowering } from "../run_lowering.ts";

const CASES = [
  { rows: 1, columns: 1, count: 1 },
  { rows: 3, columns: 5, count: 7 },
  { rows: 10, columns: 8, count: 40 },
  { rows: 50, columns: 33, count: 9 },
  { rows: 7, columns: 64, count: 300 },
  { rows: 2000, columns: 4, count: 3 },
  { rows: 37, columns: 12, count: 257 },
  { rows: 9, columns: 5, count: 4_097 },
  { rows: 900, columns: 8, count: 4_096 },
];

function randomIndices(count: number, below: number): number[] {
  const next = uniformStream(count + below);
  return Array.from({ length: count }, () => Math.floor(next() * below));
}

Deno.test("gather looks rows up", async () => {
  using device = await Device.open();
  for (const sizes of CASES) {
    const table = normalData(sizes.rows * sizes.columns, { seed: 1 });
    const indices = randomIndices(sizes.count, sizes.rows);
    const { outputs } = await runLowering(device, lowerGather(sizes), {
      inputs: [table, Uint32Array.from(indices)],
      outputs: [sizes.count * sizes.columns],
    });
    assert.deepEqual([...outputs[0]!], gather(table, { ...sizes, indices }));
  }
});

Deno.test("gather returns rows of NaN for indices out of range", async () => {
  using device = await Device.open();
  for (const columns of [3, 4]) {
    const indices = [0, 5, 4, 2 ** 32 - 1];
    const table = normalData(5 * columns, { seed: 2 });
    const { outputs } = await runLowering(device, lowerGather({ rows: 5, columns, count: 4 }), {
      inputs: [table, Uint32Array.from(indices)],
      outputs: [4 * columns],
    });
    assert.deepEqual([...outputs[0]!], gather(table, { rows: 5, columns, indices }));
  }
});

Deno.test("gather_gradient adds up the rows of equal indices and leaves the others zero", async () => {
  using device = await Device.open();
  for (const sizes of CASES) {
    const dy = normalData(sizes.count * sizes.columns, { seed: 3 });
    const indices = randomIndices(sizes.count, sizes.rows);
    const { outputs } = await runLowering(device, lowerGatherGradient(sizes), {
      inputs: [dy, Uint32Array.from(indices)],
      outputs: [sizes.rows * sizes.columns],
    });
    assertClose(outputs[0]!, gatherGradient(dy, { ...sizes, indices }), { label: JSON.stringify(sizes) });
  }
});

Deno.test("gather_gradient ignores indices out of range, and adds thousands of equal ones", async () => {
  using device = await Device.open();
  const dy = normalData(5 * 4, { seed: 4 });
  const indices = [9, 1, 2 ** 32 - 1, 1, 9];
  const few = await runLowering(device, lowerGatherGradient({ rows: 3, columns: 4, count: 5 }), {
    inputs: [dy, Uint32Array.from(indices)],
    outputs: [12],
  });
  assertClose(few.outputs[0]!, gatherGradient(dy, { rows: 3, columns: 4, indices }), { label: "out of range" });

  const many = normalData(5000 * 2, { seed: 5, mean: 1 });
  const equal = new Array(5000).fill(1);
  const { outputs } = await runLowering(device, lowerGatherGradient({ rows: 2, columns: 2, count: 5000 }), {
    inputs: [many, Uint32Array.from(equal)],
    outputs: [4],
  });
  assertClose(outputs[0]!, gatherGradient(many, { rows: 2, columns: 2, indices: equal }), { label: "5000 equal" });
});

Deno.test("gather_gradient splits long lists and large tables over invocations and dispatches", async () => {
  using device = await Device.open();
  // More indices than one invocation can visit, and a list whose blocks grow with the table.
  for (const sizes of [{ rows: 3, columns: 1, count: 150_000 }, { rows: 90_001, columns: 2, count: 20_000 }]) {
    const dy = normalData(sizes.count * sizes.columns, { seed: 8 });
    const indices = randomIndices(sizes.count, sizes.rows);
    const { outputs } = await runLowering(device, lowerGatherGradient(sizes), {
      inputs: [dy, Uint32Array.from(indices)],
      outputs: [sizes.rows * sizes.columns],
    });
    assertClose(outputs[0]!, gatherGradient(dy, { ...sizes, indices }), { label: JSON.stringify(sizes) });
  }
});

Deno.test("gather_gradient gives bit-equal sums for equal inputs", async () => {
  using device = await Device.open();
  const sizes = { rows: 6, columns: 12, count: 900 };
  const inputs = [normalData(900 * 12, { seed: 6 }), Uint32Array.from(randomIndices(900, 6))];
  const first = await runLowering(device, lowerGatherGradient(sizes), { inputs, outputs: [72] });
  const second = await runLowering(device, lowerGatherGradient(sizes), { inputs, outputs: [72] });
  assert.deepEqual(first.outputs, second.outputs);
});

Deno.test("gather folds a grid of more than 65,535 workgroups", async () => {
  using device = await Device.open();
  const sizes = { rows: 3, columns: 5, count: 65_536 * 64 / 5 + 100 | 0 };
  const table = normalData(15, { seed: 7 });
  const indices = randomIndices(sizes.count, 3);
  const { outputs } = await runLowering(device, lowerGather(sizes), {
    inputs: [table, Uint32Array.from(indices)],
    outputs: [sizes.count * 5],
  });
  const last = sizes.count - 1;
  const want = gather(table, { rows: 3, columns: 5, indices: indices.slice(last) });
  assert.deepEqual([...outputs[0]!.subarray(last * 5)], want);
  assert.ok(outputs[0]!.every(Number.isFinite));
});
