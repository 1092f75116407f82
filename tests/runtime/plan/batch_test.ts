import assert from "node:assert/strict";
import {
  add,
  compile,
  Device,
  dropout2d,
  gradients,
  input,
  mul,
  pack,
  randomBernoulli,
  randomUniform,
  slabLayout,
  sum,
  type Tensor,
} from "../../../runtime/mod.ts";
import { randomUniformData } from "../../../base/philox.ts";

Deno.test("masks of equal rate are drawn in one dispatch, which changes no number", async () => {
  using device = await Device.open();
  const shapes = [[2, 3], [5, 1, 7], [4099], [1]];
  const build = () => ({
    outputs: Object.fromEntries(
      shapes.map((shape, stream) => [`m${stream}`, randomBernoulli(shape, { stream, keep: 0.5 })]),
    ),
  });
  using together = await compile(device, build);
  assert.equal(together.dispatchCount, 1);
  together.run({}, { seed: 8, step: 3 });
  for (const [stream, shape] of shapes.entries()) {
    const [got] = await together.read(`m${stream}`);
    const uniform = randomUniformData(shape.reduce((a, b) => a * b), { seed: 8, step: 3, stream });
    assert.deepEqual(got, uniform.map((value) => value < 0.5 ? 2 : 0));
  }
});

Deno.test("masks of other rates, other distributions and large ones are drawn on their own", async () => {
  using device = await Device.open();
  const count = (...masks: (() => Tensor)[]) =>
    compile(device, () => ({ outputs: Object.fromEntries(masks.map((mask, i) => [`m${i}`, mask()])) }));
  const small = () => randomBernoulli([8], { stream: 1, keep: 0.5 });
  for (
    const other of [
      () => randomBernoulli([8], { stream: 2, keep: 0.25 }),
      () => randomUniform([8], { stream: 2 }),
      () => randomBernoulli([2 ** 16], { stream: 2, keep: 0.5 }),
    ]
  ) {
    using program = await count(small, other);
    assert.equal(program.dispatchCount, 2);
  }
});

Deno.test("batched masks serve forward and backward pass, a slab, and a checked program alike", async () => {
  using device = await Device.open();
  const build = () => {
    const x = input("x", { shape: [2, 3, 3, 4] });
    const masked = dropout2d(dropout2d(x, { rate: 0.5, stream: 1 }), { rate: 0.5, stream: 2 });
    const masks = [1, 2].map((stream) => randomBernoulli([2, 1, 1, 4], { stream, keep: 0.5 }));
    const [g] = gradients(sum(mul(masked, add(masked, 1))), [x]);
    return { outputs: { g: g!, packed: pack(masks) } };
  };
  const data = Float32Array.from({ length: 72 }, (_, i) => i - 30);
  const results = [];
  for (const checkNumerics of [false, true]) {
    using program = await compile(device, build, { checkNumerics });
    program.run({ x: data }, { seed: 1, step: 2 });
    const [g] = await program.read("g");
    const [packed] = await program.read("packed");
    const { offsets } = slabLayout([[8], [8]]);
    results.push([[...g!], offsets.map((offset) => [...packed!.subarray(offset, offset + 8)])]);
  }
  assert.deepEqual(results[0], results[1]);
  const masks = results[0]![1] as number[][];
  const want = [...data].map((value, i) => {
    const at = 4 * Math.floor(i / 36) + i % 4;
    const factor = masks[0]![at]! * masks[1]![at]!;
    return factor * (2 * value * factor + 1);
  });
  assert.deepEqual(results[0]![0], want);
});
