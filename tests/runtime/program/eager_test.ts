import assert from "node:assert/strict";
import { Device } from "../../../runtime/device/device.ts";
import { closeDefaultDevice, defaultDevice, read } from "../../../runtime/program/eager.ts";
import { input, tensor } from "../../../runtime/graph/leaf.ts";
import { add, div, maximum, minimum, mul, sub } from "../../../runtime/ops/pointwise.ts";
import { randomUniform } from "../../../runtime/ops/random.ts";
import { sum } from "../../../runtime/ops/reduce.ts";
import { reshape } from "../../../runtime/ops/view.ts";
import { createState } from "../../../runtime/graph/state.ts";

Deno.test("read() computes what was computed in the same way before without compiling again", async () => {
  using device = await Device.open();
  const distance = (a: number[], b: number[]) => sum(mul(sub(tensor(a), tensor(b)), sub(tensor(a), tensor(b))));
  assert.deepEqual([...await read(distance([1, 2], [1, 0]), { device })], [4]);
  const { allocatedBytes, allocatedBuffers, pipelineCount } = device;
  assert.deepEqual([...await read(distance([5, 2], [1, 0]), { device })], [20]);
  assert.deepEqual([device.allocatedBytes, device.allocatedBuffers, device.pipelineCount], [
    allocatedBytes,
    allocatedBuffers,
    pipelineCount,
  ]);
  // Another shape, another operand, another order.
  assert.deepEqual([...await read(distance([1, 2, 3], [1, 0, 3]), { device })], [4]);
  assert.deepEqual([...await read(sub(tensor([3]), tensor([1])), { device })], [2]);
  const [a, b] = [tensor([3]), tensor([1])];
  assert.deepEqual([...await read(sub(b, a), { device })], [-2]);
});

Deno.test("reads of one kind at the same time do not mix up their values", async () => {
  using device = await Device.open();
  const results = await Promise.all([1, 2, 3, 4].map((x) => read(mul(tensor([x, x]), 10), { device })));
  assert.deepEqual(results.map((data) => [...data]), [[10, 10], [20, 20], [30, 30], [40, 40]]);
});

Deno.test("attributes with numbers that JSON cannot represent are distinguished", async () => {
  using device = await Device.open();
  const x = tensor([1, -2]);
  assert.deepEqual([...await read(minimum(x, Infinity), { device })], [1, -2]);
  assert.deepEqual([...await read(minimum(x, -Infinity), { device })], [-Infinity, -Infinity]);
  assert.deepEqual([...await read(maximum(x, -Infinity), { device })], [1, -2]);
  assert.deepEqual([...await read(div(x, 0), { device })], [Infinity, -Infinity]);
  assert.deepEqual([...await read(div(x, -0), { device })], [-Infinity, Infinity]);
  // And within one graph, where equal ops are shared.
  const both = add(minimum(x, Infinity), reshape(maximum(x, -Infinity), [2]));
  assert.deepEqual([...await read(both, { device })], [2, -4]);
});

Deno.test("read() sees a state's present value, and random numbers that do not depend on earlier reads", async () => {
  using device = await Device.open();
  using state = createState(device, { name: "s", shape: [2], data: Float32Array.of(1, 2) });
  assert.deepEqual([...await read(mul(state.tensor, 3), { device })], [3, 6]);
  state.write(Float32Array.of(5, 6));
  assert.deepEqual([...await read(mul(state.tensor, 3), { device })], [15, 18]);
  const first = await read(randomUniform([8], { stream: 1 }), { device });
  assert.deepEqual(await read(randomUniform([8], { stream: 1 }), { device }), first);
  assert.notDeepEqual(await read(randomUniform([8], { stream: 2 }), { device }), first);
});

Deno.test("read() keeps no large program", async () => {
  using device = await Device.open();
  const before = device.allocatedBytes;
  const data = new Float32Array(2 ** 21).fill(1);
  assert.equal((await read(sum(tensor(data)), { device }))[0], 2 ** 21);
  await device.settle();
  assert.equal(device.allocatedBytes, before);
});

Deno.test("read() rejects a tensor that depends on an input, by its name", async () => {
  using device = await Device.open();
  await assert.rejects(read(add(input("pixels", { shape: [1] }), 1), { device }), {
    name: "TypeError",
    message: /depends on input pixels: compile\(\) a program/,
  });
});

Deno.test("the default device is opened once, and again after it was closed", async () => {
  const device = await defaultDevice();
  assert.equal(await defaultDevice(), device);
  assert.deepEqual([...await read(tensor([7]))], [7]);
  await closeDefaultDevice();
  assert.notEqual(await defaultDevice(), device);
  assert.deepEqual([...await read(tensor([8]))], [8]);
  await closeDefaultDevice();
});
