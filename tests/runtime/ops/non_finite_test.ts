/** NaN and infinities in pointwise ops and reductions, as in NumPy, PyTorch and JAX. */
import assert from "node:assert/strict";
import { Device } from "../../../runtime/device/device.ts";
import { gradients } from "../../../runtime/graph/autodiff.ts";
import { tensor } from "../../../runtime/graph/leaf.ts";
import type { Tensor } from "../../../runtime/graph/tensor.ts";
import * as ops from "../../../runtime/ops/pointwise.ts";
import { logsumexp, max, min, softmax, sum } from "../../../runtime/ops/reduce.ts";
import { read } from "../../../runtime/program/eager.ts";
import { reduceReference } from "../../reference/reduce.ts";
import { numbers } from "../gradient_check.ts";

const PROFILES = ["software", "gpu"] as const;

/** The gradient of the sum of f's values with respect to each argument. */
async function gradientOf(device: Device, f: (...x: Tensor[]) => Tensor, ...inputs: Tensor[]): Promise<number[][]> {
  const all = gradients(sum(f(...inputs)), inputs);
  return await Promise.all(all.map(async (g) => [...await read(g, { device })]));
}

Deno.test("maximum() and minimum() propagate NaN from either side, one element or four at a time", async () => {
  using device = await Device.open();
  const a = [NaN, 1, NaN, -Infinity, 2, Infinity, -0, NaN];
  const b = [1, NaN, NaN, NaN, 3, NaN, 0, Infinity];
  for (const length of [7, 8]) {
    const [x, y] = [tensor(a.slice(0, length)), tensor(b.slice(0, length))];
    const larger = [...await read(ops.maximum(x, y), { device })];
    const smaller = [...await read(ops.minimum(x, y), { device })];
    assert.deepEqual(larger.map((v) => v + 0), a.slice(0, length).map((v, i) => Math.max(v, b[i]!)));
    assert.deepEqual(smaller.map((v) => v + 0), a.slice(0, length).map((v, i) => Math.min(v, b[i]!) + 0));
  }
});

Deno.test("maximum() and minimum() pass gradients to both sides of a NaN, like PyTorch", async () => {
  using device = await Device.open();
  const inputs = [tensor([NaN, 1, 2, 3]), tensor([1, NaN, 2, 1])];
  assert.deepEqual(await gradientOf(device, ops.maximum, ...inputs), [[1, 1, 0.5, 1], [1, 1, 0.5, 0]]);
  assert.deepEqual(await gradientOf(device, ops.minimum, ...inputs), [[1, 1, 0.5, 0], [1, 1, 0.5, 1]]);
});

Deno.test("max() and min() over any axis are NaN if any value is, wherever it is", async () => {
  for (const profile of PROFILES) {
    using device = await Device.open({ profile });
    for (const shape of [[5], [8], [3, 8], [8, 3], [2, 9_001], [9_001, 4]]) {
      const size = shape.reduce((product, length) => product * length, 1);
      for (const at of [0, 1, size - 1, Math.floor(size / 2)]) {
        const data = numbers(size, { seed: at + 1 });
        data[at] = NaN;
        for (let axis = -1; axis < shape.length; axis++) {
          const axes = axis < 0 ? shape.map((_, i) => i) : [axis];
          for (const [op, combine, start] of [[max, Math.max, -Infinity], [min, Math.min, Infinity]] as const) {
            const got = await read(op(tensor(data, { shape }), { axes }), { device });
            const want = reduceReference(data, { shape, axes, combine, start });
            assert.deepEqual([...got], [...want], `${profile} ${op.name} [${shape}] over [${axes}], NaN at ${at}`);
          }
        }
      }
    }
  }
});

Deno.test("the gradient of max() and min() is shared equally by the NaNs, if any", async () => {
  using device = await Device.open();
  for (const op of [max, min]) {
    const [g] = await gradientOf(
      device,
      (x) => op(x, { axes: 1 }),
      tensor([1, NaN, 3, NaN, 1, 5, 5, 1], { shape: [2, 4] }),
    );
    assert.deepEqual(g, [0, 0.5, 0, 0.5, ...(op === max ? [0, 0.5, 0.5, 0] : [0.5, 0, 0, 0.5])]);
  }
});

Deno.test("unary ops propagate NaN and have the right limits at infinity", async (t) => {
  using device = await Device.open();
  const limits: Record<string, [(x: Tensor) => Tensor, number, number]> = {
    neg: [ops.neg, Infinity, -Infinity],
    abs: [ops.abs, Infinity, Infinity],
    sign: [ops.sign, -1, 1],
    exp: [ops.exp, 0, Infinity],
    log: [ops.log, NaN, Infinity],
    sqrt: [ops.sqrt, NaN, Infinity],
    square: [ops.square, Infinity, Infinity],
    relu: [ops.relu, 0, Infinity],
    leakyRelu: [ops.leakyRelu, -Infinity, Infinity],
    sigmoid: [ops.sigmoid, 0, 1],
    tanh: [ops.tanh, -1, 1],
    softplus: [ops.softplus, 0, Infinity],
    clamp: [(x) => ops.clamp(x, { min: -2, max: 3 }), -2, 3],
    maximum: [(x) => ops.maximum(x, -2), -2, Infinity],
    minimum: [(x) => ops.minimum(x, 3), -Infinity, 3],
  };
  for (const [name, [op, low, high]] of Object.entries(limits)) {
    await t.step(name, async () => {
      for (const length of [3, 4]) {
        const x = tensor([NaN, -Infinity, Infinity, NaN].slice(0, length));
        const want = [NaN, low, high, NaN].slice(0, length);
        assert.deepEqual([...await read(op(x), { device })], want);
      }
    });
  }
});

Deno.test("gradients at NaN are PyTorch's: relu() passes them, clamp() does not", async () => {
  using device = await Device.open();
  const x = tensor([NaN, -2, -1, 0, 1, 2]);
  assert.deepEqual(await gradientOf(device, ops.relu, x), [[1, 0, 0, 0, 1, 1]]);
  assert.deepEqual(await gradientOf(device, (v) => ops.clamp(v, { min: -1, max: 1 }), x), [[0, 0, 1, 1, 1, 0]]);
});

Deno.test("logsumexp() and softmax() are NaN with a NaN, and finite up to the largest float32", async () => {
  using device = await Device.open();
  assert.deepEqual([...await read(logsumexp(tensor([NaN, 1])), { device })], [NaN]);
  assert.deepEqual([...await read(softmax(tensor([NaN, 1])), { device })], [NaN, NaN]);
  assert.deepEqual([...await read(logsumexp(tensor([Infinity, 1])), { device })], [Infinity]);
  const largest = (2 - 2 ** -23) * 2 ** 127;
  assert.deepEqual([...await read(logsumexp(tensor([largest, 1])), { device })], [largest]);
});
