import assert from "node:assert/strict";
import { gradients } from "../../../runtime/graph/autodiff.ts";
import { compile } from "../../../runtime/program/compile.ts";
import { Device } from "../../../runtime/device/device.ts";
import { input } from "../../../runtime/graph/leaf.ts";
import { mul } from "../../../runtime/ops/pointwise.ts";
import { dropout, dropout2d, randomBernoulli, randomNormal, randomUniform } from "../../../runtime/ops/random.ts";
import { sum } from "../../../runtime/ops/reduce.ts";
import { randomNormalData, randomUniformData } from "../../../base/philox.ts";

Deno.test("every run draws the host's numbers for its seed, step and part, without recompilation", async () => {
  using device = await Device.open();
  using program = await compile(device, () => ({
    outputs: { u: randomUniform([3, 7], { stream: 1 }), n: randomNormal([10], { stream: 2 }) },
  }));
  const seed = 2 ** 35 + 9;
  for (const [step, part] of [[0, 0], [1, 0], [7, 0], [2 ** 31, 0], [7, 1], [0, 3]] as const) {
    program.run({}, { seed, step: step + part * 2 ** 32 });
    const [u, n] = await program.read("u", "n");
    assert.deepEqual(u, randomUniformData(21, { seed, stream: 1, step, part }));
    const want = randomNormalData(10, { seed, stream: 2, step, part });
    n!.forEach((value, i) => assert.ok(Math.abs(value - want[i]!) <= 1e-6));
  }
});

Deno.test("equal streams draw equal numbers; other streams, seeds and steps draw others", async () => {
  using device = await Device.open();
  using program = await compile(device, () => ({
    outputs: {
      a: randomNormal([4, 5], { stream: 3 }),
      b: randomNormal([20], { stream: 3 }),
      c: randomNormal([20], { stream: 4 }),
    },
  }));
  program.run({}, { seed: 1, step: 0 });
  const [a, b, c] = await program.read("a", "b", "c");
  assert.deepEqual(a, b);
  assert.ok(a!.every((value, i) => value !== c![i]));
  program.run({}, { seed: 1, step: 1 });
  assert.ok((await program.read("a"))[0]!.every((value, i) => value !== a![i]));
  program.run({}, { seed: 2, step: 0 });
  assert.ok((await program.read("a"))[0]!.every((value, i) => value !== a![i]));
  program.run({}, { seed: 1, step: 0 });
  assert.deepEqual((await program.read("a"))[0], a);
});

Deno.test("dropout() keeps the requested share, scaled, and its gradient has the same mask", async () => {
  using device = await Device.open();
  const shape = [100, 100];
  for (const rate of [0.1, 0.5, 0.9]) {
    using program = await compile(device, () => {
      const x = input("x", { shape });
      const y = dropout(x, { rate, stream: 5 });
      const [g] = gradients(sum(mul(y, 3)), [x]);
      return { outputs: { y, g: g! } };
    });
    program.run({ x: new Float32Array(10_000).fill(2) }, { seed: 4, step: 2 });
    const [y, g] = await program.read("y", "g");
    const kept = y!.filter((value) => value !== 0).length / y!.length;
    assert.ok(
      Math.abs(kept - (1 - rate)) < 4 * Math.sqrt(rate * (1 - rate) / y!.length),
      `kept ${kept} at rate ${rate}`,
    );
    y!.forEach((value, i) => {
      assert.ok(value === 0 || Math.abs(value * (1 - rate) - 2) < 1e-5);
      assert.ok(Math.abs(g![i]! - 1.5 * value) < 1e-4);
    });
  }
});

Deno.test("dropout2d() drops whole channels of samples", async () => {
  using device = await Device.open();
  const shape = [16, 3, 2, 12];
  using program = await compile(device, () => ({
    outputs: { y: dropout2d(input("x", { shape }), { rate: 0.4, stream: 6 }) },
  }));
  program.run({ x: new Float32Array(16 * 6 * 12).fill(1) }, { seed: 8, step: 0 });
  const [y] = await program.read("y");
  let dropped = 0;
  for (let n = 0; n < 16; n++) {
    for (let c = 0; c < 12; c++) {
      const values = new Set(Array.from({ length: 6 }, (_, position) => y![(n * 6 + position) * 12 + c]));
      assert.equal(values.size, 1, `sample ${n}, channel ${c}`);
      if (values.has(0)) dropped++;
    }
  }
  assert.ok(Math.abs(dropped / 192 - 0.4) < 4 * Math.sqrt(0.24 / 192), `${dropped} of 192`);
});

Deno.test("dropout at rate 0 is the identity; rates, streams and probabilities out of range are rejected", () => {
  const x = input("x", { shape: [2, 3] });
  assert.equal(dropout(x, { rate: 0, stream: 0 }), x);
  assert.throws(() => dropout(x, { rate: 1, stream: 0 }), /dropout\(\) needs 0 <= rate < 1/);
  assert.throws(() => dropout2d(x, { rate: -0.1, stream: 0 }), /dropout2d\(\) needs 0 <= rate < 1/);
  assert.throws(() => dropout(x, { rate: NaN, stream: 0 }), /rate/);
  assert.throws(() => randomBernoulli([2], { keep: 0, stream: 0 }), /0 < keep <= 1/);
  assert.throws(() => randomUniform([2], { stream: 1.5 }), /stream/);
  assert.throws(() => randomNormal([0], { stream: 1 }), /positive integer/);
});
