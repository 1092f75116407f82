import assert from "node:assert/strict";
import fc from "fast-check";
import { compile } from "../../../runtime/program/compile.ts";
import { Device } from "../../../runtime/device/device.ts";
import { read } from "../../../runtime/program/eager.ts";
import { input, tensor } from "../../../runtime/graph/leaf.ts";
import { concat, pad, permute, slice, stack, transpose } from "../../../runtime/ops/movement.ts";
import { sizeOf } from "../../../runtime/graph/shape.ts";
import * as reference from "../../reference/movement.ts";
import { checkOp, numbers } from "../gradient_check.ts";

Deno.test("permute() and transpose() match the oracle, and their gradients central differences", async () => {
  using device = await Device.open();
  const cases = [
    { shape: [3, 5], axes: [1, 0] },
    { shape: [8, 12], axes: [-1, -2] },
    { shape: [2, 3, 4, 5], axes: [0, 3, 1, 2] },
    { shape: [4, 1, 6], axes: [1, 2, 0] },
    { shape: [2, 3, 2, 2, 3], axes: [4, 2, 0, 3, 1] },
  ];
  for (const { shape, axes } of cases) {
    await checkOp(device, {
      name: `permute [${shape}] by [${axes}]`,
      op: ([x]) => permute(x!, axes),
      oracle: ([x]) => reference.permute(x!, { shape, axes: axes.map((axis) => (axis + shape.length) % shape.length) }),
      inputs: [{ shape, data: numbers(sizeOf(shape)) }],
    });
  }
  await checkOp(device, {
    name: "transpose",
    op: ([x]) => transpose(x!),
    oracle: ([x]) => reference.permute(x!, { shape: [2, 3, 4], axes: [0, 2, 1] }),
    inputs: [{ shape: [2, 3, 4], data: numbers(24) }],
  });
});

Deno.test("a permutation that only moves axes of size one does not copy", async () => {
  using device = await Device.open();
  using program = await compile(device, () => {
    const y = permute(input("x", { shape: [3, 1, 4, 1] }), [1, 0, 3, 2]);
    assert.deepEqual(y.shape, [1, 3, 1, 4]);
    return { metrics: { first: slice(y, { starts: [0, 0, 0, 0], sizes: [1, 1, 1, 1] }) } };
  });
  assert.equal(program.dispatchCount, 1);
});

Deno.test("slice() and pad() match the oracle, and their gradients central differences", async () => {
  using device = await Device.open();
  const slices = [
    { shape: [9], starts: [2], sizes: [3], steps: [3] },
    { shape: [4, 6], starts: [1, 2], sizes: [3, 4], steps: [1, 1] },
    { shape: [5, 7, 4], starts: [1, 0, 0], sizes: [2, 3, 4], steps: [3, 2, 1] },
  ];
  for (const { shape, ...box } of slices) {
    await checkOp(device, {
      name: `slice of [${shape}]`,
      op: ([x]) => slice(x!, box),
      oracle: ([x]) => reference.slice(x!, { shape, ...box }),
      inputs: [{ shape, data: numbers(sizeOf(shape)) }],
    });
  }
  const pads: { shape: number[]; widths: [number, number][] }[] = [
    { shape: [3], widths: [[2, 1]] },
    { shape: [2, 3, 4, 4], widths: [[0, 0], [1, 2], [3, 0], [0, 0]] },
    { shape: [2, 3], widths: [[1, 1]] },
  ];
  for (const { shape, widths } of pads) {
    await checkOp(device, {
      name: `pad of [${shape}]`,
      op: ([x]) => pad(x!, widths),
      oracle: ([x]) =>
        reference.pad(x!, {
          shape,
          padding: shape.map((_, axis) => ({ low: widths[axis]?.[0] ?? 0, high: widths[axis]?.[1] ?? 0, step: 1 })),
        }),
      inputs: [{ shape, data: numbers(sizeOf(shape)) }],
    });
  }
});

Deno.test("concat() and stack() match the oracle, and their gradients central differences", async () => {
  using device = await Device.open();
  const inputs = [[2, 3, 4], [2, 1, 4], [2, 5, 4]].map((shape, i) => ({
    shape,
    data: numbers(sizeOf(shape), { seed: i + 1 }),
  }));
  await checkOp(device, {
    name: "concat",
    op: (tensors) => concat(tensors, -2),
    oracle: (arrays) => reference.concat(arrays.map((data, i) => ({ data, shape: inputs[i]!.shape })), 1),
    inputs,
  });
  const equal = [1, 2, 3].map((seed) => ({ shape: [4, 5], data: numbers(20, { seed }) }));
  for (const axis of [0, 1, 2]) {
    await checkOp(device, {
      name: `stack at ${axis}`,
      op: (tensors) => {
        const y = stack(tensors, axis);
        assert.deepEqual(y.shape, [4, 5].toSpliced(axis, 0, 3));
        return y;
      },
      oracle: (arrays) => reference.concat(arrays.map((data) => ({ data, shape: [4, 5].toSpliced(axis, 0, 1) })), axis),
      inputs: equal,
    });
  }
  await checkOp(device, {
    name: "concat of a tensor with itself",
    op: ([x]) => concat([x!, x!]),
    oracle: ([x]) => [...x!, ...x!],
    inputs: [{ shape: [4], data: numbers(4) }],
  });
});

Deno.test("movement ops keep every bit of u32 tensors", async () => {
  using device = await Device.open();
  const words = [0, 1, 0x7fc00001, 0xffffffff, 0x80000000, 0x7f800000];
  const x = tensor(words, { shape: [2, 3], dtype: "u32" });
  const bits = async (y: typeof x) => [...new Uint32Array((await read(y, { device })).buffer)];
  assert.deepEqual(await bits(transpose(x)), reference.permute(words, { shape: [2, 3], axes: [1, 0] }));
  assert.deepEqual(await bits(concat([x, x], 1)), [
    ...words.slice(0, 3),
    ...words.slice(0, 3),
    ...words.slice(3),
    ...words.slice(3),
  ]);
  assert.deepEqual(await bits(pad(x, [[0, 0], [1, 0]])), [0, ...words.slice(0, 3), 0, ...words.slice(3)]);
});

Deno.test("movement ops without effect return the tensor itself", () => {
  const x = input("x", { shape: [2, 3] });
  assert.equal(permute(x, [0, 1]), x);
  assert.equal(slice(x, { starts: [0], sizes: [2] }), x);
  assert.equal(pad(x, [[0, 0]]), x);
  assert.equal(concat([x]), x);
});

Deno.test("slicing a padded tensor returns the original for any widths", async () => {
  using device = await Device.open();
  const axis = fc.record({ size: fc.integer({ min: 1, max: 5 }), low: fc.nat(3), high: fc.nat(3) });
  await fc.assert(
    fc.asyncProperty(fc.array(axis, { minLength: 1, maxLength: 4 }), async (axes) => {
      const shape = axes.map(({ size }) => size);
      const data = numbers(sizeOf(shape));
      const padded = pad(tensor(data, { shape }), axes.map(({ low, high }) => [low, high] as const));
      const back = slice(padded, { starts: axes.map(({ low }) => low), sizes: shape });
      assert.deepEqual(await read(back, { device }), data);
    }),
    { numRuns: 25 },
  );
});

Deno.test("movement ops name shapes and arguments that do not fit", () => {
  const x = input("x", { shape: [2, 3] });
  assert.throws(() => permute(x, [0]), /permute\(\) needs each axis of \[2, 3\] once, got \[0\]/);
  assert.throws(() => permute(x, [0, 0]), /axis twice/);
  assert.throws(() => transpose(x, [0, 2]), /no axis 2/);
  assert.throws(() => slice(x, { starts: [0, 1], sizes: [2, 3] }), /slice\(\) of shape \[2, 3\] has no elements at/);
  assert.throws(() => slice(x, { starts: [0], sizes: [1, 1] }), /1 starts, 2 sizes/);
  assert.throws(() => slice(x, { starts: [0], sizes: [1], steps: [0] }), /steps/);
  assert.throws(() => pad(x, [[-1, 0]]), /whole numbers from 0/);
  assert.throws(() => pad(x, [[0, 0], [0, 0], [1, 1]]), /up to 2 axes/);
  assert.throws(() => concat([]), /at least one tensor/);
  assert.throws(
    () => concat([x, input("y", { shape: [2, 4] })]),
    /but for axis 0, equal shapes; input 1 is f32 \[2, 4\]/,
  );
  assert.throws(() => concat([x, input("y", { shape: [2, 3], dtype: "u32" })]), /input 1 is u32/);
  assert.throws(() => stack([x, input("y", { shape: [3, 2] })]), /equal shapes/);
});
