import assert from "node:assert/strict";
import { compile } from "../../../runtime/program/compile.ts";
import { Device } from "../../../runtime/device/device.ts";
import { input, tensor } from "../../../runtime/graph/leaf.ts";
import { broadcastTo } from "../../../runtime/ops/pointwise.ts";
import { full } from "../../../runtime/ops/fill.ts";
import { sumTo } from "../../../runtime/ops/reduce.ts";
import { flatten, reshape } from "../../../runtime/ops/view.ts";
import { broadcastReference } from "../../reference/broadcast.ts";
import { reduceReference } from "../../reference/reduce.ts";
import { checkOp, numbers } from "../gradient_check.ts";

Deno.test("reshape() and flatten() keep the elements in order, and so do their gradients", async () => {
  using device = await Device.open();
  const inputs = [{ shape: [2, 3, 4], data: numbers(24) }];
  const oracle = ([x]: Float64Array[]) => x!;
  await checkOp(device, { name: "reshape", op: ([x]) => reshape(x!, [4, 6]), oracle, inputs });
  await checkOp(device, {
    name: "reshape to a size that is left open",
    op: ([x]) => reshape(x!, [8, -1]),
    oracle,
    inputs,
  });
  await checkOp(device, { name: "flatten", op: ([x]) => flatten(x!), oracle, inputs });
});

Deno.test("views run nothing and take no memory", async () => {
  using device = await Device.open();
  using program = await compile(
    device,
    () => ({ outputs: { y: flatten(reshape(input("x", { shape: [2, 6] }), [3, 2, 2])) } }),
  );
  assert.deepEqual([program.dispatchCount, program.memory.arena], [0, 0]);
  program.run({ x: Float32Array.from({ length: 12 }, (_, i) => i) });
  assert.deepEqual([...(await program.read("y"))[0]!], Array.from({ length: 12 }, (_, i) => i));
});

Deno.test("the shapes of views are worked out and checked", () => {
  const x = input("x", { shape: [2, 3, 4] });
  assert.deepEqual(flatten(x).shape, [2, 12]);
  assert.deepEqual(flatten(x, 0).shape, [24]);
  assert.deepEqual(flatten(x, 2).shape, [2, 3, 4]);
  assert.deepEqual(reshape(x, [-1, 8]).shape, [3, 8]);
  assert.equal(reshape(x, [2, 3, 4]), x);
  assert.deepEqual(reshape(full([6], 2), [2, 3]).shape, [2, 3]);
  assert.throws(() => reshape(x, [5, 5]), /reshape\(\) cannot turn shape \[2, 3, 4\] into \[5, 5\]: sizes differ/);
  assert.throws(() => reshape(x, [5, -1]), RangeError);
  assert.throws(() => reshape(tensor([1, 2]), [-1, -1]), RangeError);
});

Deno.test("broadcastTo() and sumTo() are each other's adjoints, for every way to broadcast", async () => {
  using device = await Device.open();
  const shape = [3, 2, 4];
  for (const from of [[], [1], [4], [2, 1], [2, 4], [3, 1, 1], [1, 2, 1], [3, 2, 1], [3, 2, 4]]) {
    const size = from.reduce((product, length) => product * length, 1);
    const repeat = (x: ArrayLike<number>) =>
      broadcastReference((a) => a, [{ shape: from, data: x }, { shape, data: new Float64Array(24) }]);
    const axes = shape.map((_, axis) => axis).filter((axis) => (from[axis - 3 + from.length] ?? 1) === 1);
    await checkOp(device, {
      name: `broadcastTo from [${from}]`,
      op: ([x]) => broadcastTo(x!, shape),
      oracle: ([x]) => repeat(x!),
      inputs: [{ shape: from, data: numbers(size) }],
    });
    await checkOp(device, {
      name: `sumTo [${from}]`,
      op: ([x]) => sumTo(x!, from),
      oracle: ([x]) => reduceReference(x!, { shape, axes, combine: (a, b) => a + b, start: 0 }),
      inputs: [{ shape, data: numbers(24) }],
    });
  }
});
