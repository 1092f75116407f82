import assert from "node:assert/strict";
import { Device } from "../../../runtime/device/device.ts";
import { read } from "../../../runtime/program/eager.ts";
import { tensor } from "../../../runtime/graph/leaf.ts";
import { full } from "../../../runtime/ops/fill.ts";
import * as ops from "../../../runtime/ops/pointwise.ts";
import type { Tensor } from "../../../runtime/graph/tensor.ts";
import { type Shape, sizeOf } from "../../../runtime/graph/shape.ts";
import { broadcastReference } from "../../reference/broadcast.ts";
import { checkOp, numbers } from "../gradient_check.ts";

interface Unary {
  readonly op: (x: Tensor) => Tensor;
  readonly f: (x: number) => number;
  readonly low?: number;
  readonly high?: number;
}

const erfFreeGelu = (x: number) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));

const UNARY: Record<string, Unary> = {
  neg: { op: ops.neg, f: (x) => -x },
  abs: { op: ops.abs, f: Math.abs },
  exp: { op: ops.exp, f: Math.exp },
  log: { op: ops.log, f: Math.log, low: 0.1, high: 5 },
  sqrt: { op: ops.sqrt, f: Math.sqrt, low: 0.1, high: 5 },
  square: { op: ops.square, f: (x) => x * x },
  reciprocal: { op: ops.reciprocal, f: (x) => 1 / x, low: 0.3, high: 4 },
  relu: { op: ops.relu, f: (x) => Math.max(x, 0) },
  leakyRelu: { op: (x) => ops.leakyRelu(x, 0.2), f: (x) => (x > 0 ? x : 0.2 * x) },
  sigmoid: { op: ops.sigmoid, f: (x) => 1 / (1 + Math.exp(-x)), low: -8, high: 8 },
  tanh: { op: ops.tanh, f: Math.tanh },
  softplus: { op: ops.softplus, f: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))), low: -12, high: 12 },
  gelu: { op: ops.gelu, f: erfFreeGelu },
  clamp: { op: (x) => ops.clamp(x, { min: -0.5, max: 1 }), f: (x) => Math.min(Math.max(x, -0.5), 1) },
  copy: { op: ops.copy, f: (x) => x },
};

const BINARY: Record<
  string,
  { op: (a: Tensor, b: Tensor) => Tensor; f: (a: number, b: number) => number; low?: number }
> = {
  add: { op: ops.add, f: (a, b) => a + b },
  sub: { op: ops.sub, f: (a, b) => a - b },
  mul: { op: ops.mul, f: (a, b) => a * b },
  div: { op: ops.div, f: (a, b) => a / b, low: 0.4 },
  maximum: { op: ops.maximum, f: Math.max },
  minimum: { op: ops.minimum, f: Math.min },
  pow: { op: ops.pow, f: Math.pow, low: 0.3 },
};

const COMPARISONS: Record<string, { op: (a: Tensor, b: Tensor) => Tensor; f: (a: number, b: number) => boolean }> = {
  greater: { op: ops.greater, f: (a, b) => a > b },
  greaterEqual: { op: ops.greaterEqual, f: (a, b) => a >= b },
  less: { op: ops.less, f: (a, b) => a < b },
  lessEqual: { op: ops.lessEqual, f: (a, b) => a <= b },
  equal: { op: ops.equal, f: (a, b) => a === b },
  notEqual: { op: ops.notEqual, f: (a, b) => a !== b },
};

// Odd, size-one, divisible by four, and with more than one axis left after collapsing.
const SHAPES: Shape[] = [[1], [7], [3, 8], [2, 3, 5]];

// NumPy broadcasting in every position: leading, trailing, middle, both sides, scalars.
const BROADCASTS: [Shape, Shape][] = [
  [[4, 6], [4, 6]],
  [[4, 6], [6]],
  [[4, 6], [4, 1]],
  [[4, 1], [1, 8]],
  [[2, 1, 5], [3, 1]],
  [[2, 3, 8], [2, 1, 8]],
  [[], [3, 4]],
  [[1, 1], [5]],
  [[2, 3, 1, 4], [3, 5, 1]],
];

Deno.test("unary pointwise ops match float64, and their gradients central differences", async (t) => {
  using device = await Device.open();
  for (const [name, { op, f, low, high }] of Object.entries(UNARY)) {
    await t.step(name, async () => {
      for (const shape of SHAPES) {
        const data = numbers(sizeOf(shape), { seed: 3, low: low ?? -2, high: high ?? 2 });
        await checkOp(device, {
          name: `${name} [${shape}]`,
          op: ([x]) => op(x!),
          oracle: ([x]) => x!.map(f),
          inputs: [{ shape, data }],
          step: 1e-5,
        });
      }
    });
  }
});

Deno.test("binary pointwise ops broadcast like NumPy, and so do their gradients", async (t) => {
  using device = await Device.open();
  for (const [name, { op, f, low }] of Object.entries(BINARY)) {
    await t.step(name, async () => {
      for (const [a, b] of BROADCASTS) {
        await checkOp(device, {
          name: `${name} [${a}] [${b}]`,
          op: ([x, y]) => op(x!, y!),
          oracle: ([x, y]) => broadcastReference(f, [{ shape: a, data: x! }, { shape: b, data: y! }]),
          inputs: [
            { shape: a, data: numbers(sizeOf(a), { seed: 5, low: low ?? -2 }) },
            { shape: b, data: numbers(sizeOf(b), { seed: 9, low: low ?? -2 }) },
          ],
          step: 1e-5,
        });
      }
    });
  }
});

Deno.test("comparisons return 1 or 0 and have no gradient", async () => {
  using device = await Device.open();
  const a = tensor([1, 2, 3, 0, -1]);
  const b = tensor([1, 1, 4, 0, -2]);
  for (const [name, { op, f }] of Object.entries(COMPARISONS)) {
    const want = [[1, 1], [2, 1], [3, 4], [0, 0], [-1, -2]].map(([x, y]) => Number(f(x!, y!)));
    assert.deepEqual([...await read(op(a, b), { device })], want, name);
  }
});

Deno.test("where() takes each element from its branch, and ignores a NaN in the other branch", async () => {
  using device = await Device.open();
  const chosen = ops.where(tensor([1, 0, 2]), { then: tensor([1, NaN, 3]), otherwise: tensor([NaN, 5, NaN]) });
  assert.deepEqual([...await read(chosen, { device })], [1, 5, 3]);
  await checkOp(device, {
    name: "where",
    op: ([c, a, b]) => ops.where(c!, { then: a!, otherwise: b! }),
    oracle: ([c, a, b]) => c!.map((value, i) => (value ? a![i]! : b![0]!)),
    inputs: [
      { shape: [5], data: [1, 0, 0, 1, 1], differentiable: false },
      { shape: [5], data: numbers(5) },
      { shape: [1], data: [0.3] },
    ],
  });
});

Deno.test("relu() keeps NaN, softplus() and sigmoid() do not overflow", async () => {
  using device = await Device.open();
  assert.ok(Number.isNaN((await read(ops.relu(tensor([NaN])), { device }))[0]));
  assert.deepEqual([...await read(ops.softplus(tensor([-200, 200])), { device })], [0, 200]);
  assert.deepEqual([...await read(ops.sigmoid(tensor([-200, 200])), { device })], [0, 1]);
});

Deno.test("log() is -Infinity for 0 and NaN for negative numbers, regardless of the driver", async () => {
  using device = await Device.open();
  const y = await read(ops.log(tensor([0, -0, -1, -Infinity, NaN, Infinity, 1])), { device });
  assert.deepEqual([...y], [-Infinity, -Infinity, NaN, NaN, NaN, Infinity, 0]);
});

Deno.test("tanh() and softplus() are accurate to float32's relative precision, near 0 and far from it", async () => {
  using device = await Device.open();
  const x = Float32Array.from({ length: 401 }, (_, i) => {
    const size = 10 ** (-9 + (10.2 * i) / 400);
    return i % 2 ? -size : size;
  });
  const cases = {
    tanh: { op: ops.tanh, f: Math.tanh, tolerance: 2e-7 },
    softplus: {
      op: ops.softplus,
      f: (v: number) => Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v))),
      tolerance: 2e-6,
    },
  };
  for (const [name, { op, f, tolerance }] of Object.entries(cases)) {
    const y = await read(op(tensor(x)), { device });
    x.forEach((value, i) => {
      const want = f(value);
      assert.ok(Math.abs(y[i]! - want) <= tolerance * Math.abs(want), `${name}(${value}) is ${y[i]}, not ${want}`);
    });
  }
});

Deno.test("maximum() shares the gradient at a tie", async () => {
  using device = await Device.open();
  const { gradients } = await import("../../../runtime/graph/autodiff.ts");
  const { sum } = await import("../../../runtime/ops/reduce.ts");
  const a = tensor([1, 2]);
  const [ga] = gradients(sum(ops.maximum(a, tensor([1, 1]))), [a]);
  assert.deepEqual([...await read(ga!, { device })], [0.5, 1]);
});

Deno.test("a chain larger than one row of workgroups is computed to its last element", async () => {
  using device = await Device.open();
  const count = 65_536 * 64 + 1; // no multiple of four: one value an invocation, 64 invocations a workgroup
  const y = await read(ops.add(full([count], 2), tensor([1])), { device });
  assert.equal(y.length, count);
  assert.ok(y.every((value) => value === 3));
});

Deno.test("shapes that do not broadcast are rejected by op and shape", () => {
  assert.throws(() => ops.add(tensor([1, 2]), tensor([1, 2, 3])), {
    name: "RangeError",
    message: /add\(\) cannot broadcast shapes \[2\] and \[3\]/,
  });
  assert.throws(() => ops.relu(tensor([1], { dtype: "u32" })), { name: "TypeError", message: /relu\(\) needs f32/ });
  assert.throws(() => ops.clamp(tensor([1]), { min: 1, max: 0 }), RangeError);
  assert.throws(() => ops.broadcastTo(tensor([1, 2, 3]), [2]), RangeError);
});
