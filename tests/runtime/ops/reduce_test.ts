import assert from "node:assert/strict";
import { Device } from "../../../runtime/device/device.ts";
import { read } from "../../../runtime/program/eager.ts";
import { tensor } from "../../../runtime/graph/leaf.ts";
import { mul, square, sub } from "../../../runtime/ops/pointwise.ts";
import { logSoftmax, logsumexp, max, mean, min, softmax, sum, sumTo } from "../../../runtime/ops/reduce.ts";
import { sizeOf } from "../../../runtime/graph/shape.ts";
import { broadcastReference } from "../../reference/broadcast.ts";
import { relativeError } from "../../reference/compare.ts";
import { axisSubsets, reduceReference } from "../../reference/reduce.ts";
import { checkOp, numbers } from "../gradient_check.ts";

const SHAPES = [[1], [7], [4, 8], [3, 5, 4], [2, 3, 1, 6]];

Deno.test("sum, mean, max and min over any axes match float64, and their gradients central differences", async (t) => {
  using device = await Device.open();
  for (const shape of SHAPES) {
    await t.step(`[${shape}]`, async () => {
      const data = numbers(sizeOf(shape), { seed: 11 });
      for (const axes of axisSubsets(shape.length)) {
        const count = axes.reduce((product, axis) => product * shape[axis]!, 1);
        const add = (x: ArrayLike<number>) => reduceReference(x, { shape, axes, combine: (a, b) => a + b, start: 0 });
        const inputs = [{ shape, data }];
        const name = `[${shape}] over [${axes}]`;
        await checkOp(device, {
          name: `sum ${name}`,
          op: ([x]) => sum(x!, { axes }),
          oracle: ([x]) => add(x!),
          inputs,
        });
        await checkOp(device, {
          name: `mean ${name}`,
          op: ([x]) => mean(x!, { axes, keepdims: true }),
          oracle: ([x]) => add(x!).map((total) => total / count),
          inputs,
        });
        const extreme = (combine: (a: number, b: number) => number, start: number) => ([x]: Float64Array[]) =>
          reduceReference(x!, { shape, axes, combine, start });
        await checkOp(device, {
          name: `max ${name}`,
          op: ([x]) => max(x!, { axes }),
          oracle: extreme(Math.max, -Infinity),
          inputs,
        });
        await checkOp(device, {
          name: `min ${name}`,
          op: ([x]) => min(x!, { axes }),
          oracle: extreme(Math.min, Infinity),
          inputs,
        });
      }
    });
  }
});

Deno.test("logsumexp, softmax and log softmax over any axes match float64, also their gradients", async () => {
  using device = await Device.open();
  const shape = [3, 2, 4];
  const inputs = [{ shape, data: numbers(24, { seed: 4, low: -6, high: 6 }) }];
  // Over no axis, softmax is one whatever the input.
  for (const axes of axisSubsets(3).filter(({ length }) => length > 0)) {
    const kept = shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
    const total = (x: Float64Array) =>
      reduceReference(x.map(Math.exp), { shape, axes, combine: (a, b) => a + b, start: 0 }).map(Math.log);
    const shifted = (x: Float64Array) =>
      broadcastReference((value, sum) => value - sum, [{ shape, data: x }, { shape: kept, data: total(x) }]);
    const name = `over [${axes}]`;
    await checkOp(device, {
      name: `logsumexp ${name}`,
      op: ([x]) => logsumexp(x!, { axes }),
      oracle: ([x]) => total(x!),
      inputs,
    });
    await checkOp(device, {
      name: `logSoftmax ${name}`,
      op: ([x]) => logSoftmax(x!, { axes }),
      oracle: ([x]) => shifted(x!),
      inputs,
    });
    await checkOp(device, {
      name: `softmax ${name}`,
      op: ([x]) => softmax(x!, { axes }),
      oracle: ([x]) => shifted(x!).map(Math.exp),
      inputs,
    });
  }
});

Deno.test("logsumexp() survives large, small and infinite values", async () => {
  using device = await Device.open();
  const x = tensor([1000, 1000, -1000, -1000, -Infinity, -Infinity], { shape: [3, 2] });
  const y = await read(logsumexp(x, { axes: 1 }), { device });
  assert.ok(Math.abs(y[0]! - (1000 + Math.LN2)) < 1e-3);
  assert.ok(Math.abs(y[1]! - (-1000 + Math.LN2)) < 1e-3);
  assert.equal(y[2], -Infinity);
});

Deno.test("reductions of more elements than one pass takes are exact to 1e-4, on both profiles", async () => {
  for (const profile of ["software", "gpu"] as const) {
    using device = await Device.open({ profile });
    for (const shape of [[131, 517], [70_000, 3], [3, 70_000], [5, 300, 24], [300_000]]) {
      const data = numbers(sizeOf(shape), { seed: 2 });
      for (const axes of axisSubsets(shape.length).filter((list) => list.length)) {
        const want = reduceReference(data.map((value) => value * value), {
          shape,
          axes,
          combine: (a, b) => a + b,
          start: 0,
        });
        const got = await read(sum(square(tensor(data, { shape })), { axes }), { device });
        const error = relativeError(got, want);
        assert.ok(error <= 1e-4, `${profile} [${shape}] over [${axes}]: ${error}`);
      }
    }
  }
});

Deno.test("a chain that feeds one reduction is fused into it, broadcasts included", async () => {
  using device = await Device.open();
  const inputs = [{ shape: [6, 8], data: numbers(48) }, { shape: [8], data: numbers(8, { seed: 8 }) }];
  await checkOp(device, {
    name: "sum of squares",
    op: ([x, b]) => sum(square(mul(sub(x!, b!), 3)), { axes: 1 }),
    oracle: ([x, b]) =>
      Array.from({ length: 6 }, (_, r) => {
        let total = 0;
        for (let c = 0; c < 8; c++) total += (3 * (x![r * 8 + c]! - b![c]!)) ** 2;
        return total;
      }),
    inputs,
  });
});

Deno.test("the gradient of max() is shared among ties", async () => {
  using device = await Device.open();
  const { gradients } = await import("../../../runtime/graph/autodiff.ts");
  const x = tensor([3, 1, 3, 2]);
  const [g] = gradients(max(x), [x]);
  assert.deepEqual([...await read(g!, { device })], [0.5, 0, 0.5, 0]);
});

Deno.test("reductions reject axes that do not exist or come twice", () => {
  assert.throws(() => sum(tensor([1, 2]), { axes: 1 }), { name: "RangeError", message: /sum\(\) has no axis 1/ });
  assert.throws(() => mean(tensor([1, 2]), { axes: [0, -1] }), { name: "RangeError", message: /axis twice/ });
  assert.throws(() => sumTo(tensor([1, 2, 3]), [2]), RangeError);
});
