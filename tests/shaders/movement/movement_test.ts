/**
 * Permutations, slices, concatenations and padding against plain loops, for both profiles.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Device } from "../../../runtime/device/device.ts";
import type { Lowering, Profile, Target } from "../../../runtime/kernels/kernel.ts";
import { collapseBox, rowMajorStrides } from "../../../runtime/kernels/movement/box.ts";
import {
  lowerConcat,
  lowerPad,
  lowerPermute,
  lowerSlice,
  paddedSize,
  type Padding,
} from "../../../runtime/kernels/movement/movement.ts";
import { concat, pad, permute, slice } from "../../reference/movement.ts";
import { runLowering } from "../run_lowering.ts";

const PROFILES: readonly Profile[] = ["software", "gpu"];

/** Distinct numbers, with NaN, infinity and negative zero among them: moving must not change a bit. */
function elements(count: number): Float32Array {
  const data = Float32Array.from({ length: count }, (_, i) => i + 1);
  [NaN, Infinity, -0].forEach((value, i) => {
    if (count > 10) data[i * 3 + 1] = value;
  });
  return data;
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

async function run(device: Device, lowering: Lowering, options: { inputs: Float32Array[]; count: number }) {
  const { outputs } = await runLowering(device, lowering, { inputs: options.inputs, outputs: [options.count] });
  return [...outputs[0]!];
}

function kernelsOf(lowering: Lowering): string[] {
  return lowering.dispatches.map((dispatch) => dispatch.kernel);
}

const PERMUTATIONS: readonly { shape: number[]; axes: number[]; software: string; gpu: string }[] = [
  { shape: [1], axes: [0], software: "software-x1", gpu: "gpu-x1" },
  { shape: [], axes: [], software: "software-x1", gpu: "gpu-x1" },
  { shape: [3, 5], axes: [1, 0], software: "software-x1", gpu: "transpose-tile" },
  { shape: [1, 9], axes: [1, 0], software: "software-x1", gpu: "gpu-x1" },
  { shape: [8, 12], axes: [1, 0], software: "transpose-block", gpu: "transpose-tile" },
  { shape: [100, 68], axes: [1, 0], software: "transpose-block", gpu: "transpose-tile" },
  { shape: [33, 65], axes: [1, 0], software: "software-x1", gpu: "transpose-tile" },
  { shape: [5, 36, 40], axes: [0, 2, 1], software: "transpose-block", gpu: "transpose-tile" },
  { shape: [2, 7, 9, 16], axes: [0, 3, 1, 2], software: "software-x1", gpu: "transpose-tile" },
  { shape: [2, 8, 8, 16], axes: [0, 3, 1, 2], software: "transpose-block", gpu: "transpose-tile" },
  { shape: [2, 16, 8, 8], axes: [0, 2, 3, 1], software: "transpose-block", gpu: "transpose-tile" },
  { shape: [6, 5, 8], axes: [1, 0, 2], software: "software-x4", gpu: "gpu-x4" },
  { shape: [6, 5, 7], axes: [1, 0, 2], software: "software-x1", gpu: "gpu-x1" },
  { shape: [4, 6, 8], axes: [0, 1, 2], software: "software-x4", gpu: "gpu-x4" },
  { shape: [4, 8, 12], axes: [2, 1, 0], software: "transpose-block", gpu: "transpose-tile" },
  { shape: [2, 3, 4, 5, 6, 7], axes: [5, 4, 3, 2, 1, 0], software: "software-x1", gpu: "transpose-tile" },
  { shape: [3, 2, 4, 2, 3, 4], axes: [4, 0, 3, 1, 5, 2], software: "transpose-block", gpu: "transpose-tile" },
];

for (const profile of PROFILES) {
  Deno.test(`box_copy and the transpositions (${profile}) permute any axes`, async () => {
    using device = await Device.open();
    const target: Target = { ...device.target, profile };
    for (const { shape, axes, ...kernels } of PERMUTATIONS) {
      const x = elements(sizeOf(shape));
      const lowering = lowerPermute(shape, { axes, target });
      assert.deepEqual(kernelsOf(lowering), [`permute/${kernels[profile]}`], `${shape} by ${axes}`);
      const got = await run(device, lowering, { inputs: [x], count: x.length });
      assert.deepEqual(got, permute(x, { shape, axes }), `${shape} by ${axes}`);
    }
  });

  Deno.test(`box_copy (${profile}) slices with starts and steps`, async () => {
    using device = await Device.open();
    const target: Target = { ...device.target, profile };
    const cases: { shape: number[]; starts: number[]; sizes: number[]; steps: number[]; width: 1 | 4 }[] = [
      { shape: [10], starts: [3], sizes: [4], steps: [2], width: 1 },
      { shape: [10], starts: [0], sizes: [8], steps: [1], width: 4 },
      { shape: [10], starts: [2], sizes: [8], steps: [1], width: 1 },
      { shape: [7, 9], starts: [1, 2], sizes: [3, 4], steps: [2, 2], width: 1 },
      { shape: [5, 6, 8], starts: [1, 2, 4], sizes: [3, 2, 4], steps: [1, 2, 1], width: 4 },
      { shape: [5, 6, 8], starts: [4, 5, 7], sizes: [1, 1, 1], steps: [1, 1, 1], width: 1 },
      {
        shape: [3, 4, 5, 6, 7, 8],
        starts: [0, 1, 1, 2, 2, 3],
        sizes: [2, 2, 2, 2, 3, 3],
        steps: [2, 1, 3, 2, 2, 2],
        width: 1,
      },
    ];
    for (const { width, shape, ...box } of cases) {
      const x = elements(sizeOf(shape));
      const lowering = lowerSlice(shape, { ...box, target });
      assert.deepEqual(kernelsOf(lowering), [`slice/${profile}-x${width}`], JSON.stringify(shape));
      const got = await run(device, lowering, { inputs: [x], count: sizeOf(box.sizes) });
      assert.deepEqual(got, slice(x, { shape, ...box }), JSON.stringify({ shape, ...box }));
    }
  });

  Deno.test(`box_copy (${profile}) concatenates along any axis`, async () => {
    using device = await Device.open();
    const target: Target = { ...device.target, profile };
    const cases: { shapes: number[][]; axis: number }[] = [
      { shapes: [[3], [1], [4]], axis: 0 },
      { shapes: [[2, 8], [3, 8]], axis: 0 },
      { shapes: [[2, 4], [2, 8], [2, 12]], axis: 1 },
      { shapes: [[2, 3], [2, 5]], axis: 1 },
      { shapes: [[2, 3, 4], [2, 1, 4], [2, 2, 4]], axis: 1 },
      { shapes: [[5, 7]], axis: 0 },
    ];
    for (const { shapes, axis } of cases) {
      const parts = shapes.map((shape, i) => ({ shape, data: elements(sizeOf(shape)).map((x) => x + 1000 * i) }));
      const got = await run(device, lowerConcat(shapes, { axis, target }), {
        inputs: parts.map((part) => part.data),
        count: parts.reduce((sum, part) => sum + part.data.length, 0),
      });
      assert.deepEqual(got, concat(parts, axis), `${JSON.stringify(shapes)} along ${axis}`);
    }
  });
}

Deno.test("box_copy and transpose_tile fold a grid of more than 65,535 workgroups", async () => {
  using device = await Device.open();
  const target: Target = { ...device.target, profile: "gpu" };
  for (
    const { shape, axes } of [{ shape: [65_600, 8, 9], axes: [0, 2, 1] }, {
      shape: [65_600, 5, 5, 3],
      axes: [0, 2, 1, 3],
    }]
  ) {
    const x = elements(sizeOf(shape));
    const lowering = lowerPermute(shape, { axes, target });
    assert.ok(lowering.dispatches[0]!.grid[1] > 1);
    const { outputs } = await runLowering(device, lowering, { inputs: [x], outputs: [x.length] });
    const matrix = x.length / shape[0]!;
    for (const sample of [0, 1, 32_767, 65_535, 65_599]) {
      const part = x.subarray(sample * matrix, (sample + 1) * matrix);
      const want = permute(part, { shape: shape.slice(1), axes: axes.slice(1).map((axis) => axis - 1) });
      assert.deepEqual([...outputs[0]!.subarray(sample * matrix, (sample + 1) * matrix)], want);
    }
  }
});

Deno.test("pad places tensors among zeros, with and without steps", async () => {
  using device = await Device.open();
  const none: Padding = { low: 0, high: 0, step: 1 };
  const around = (low: number, high: number, step = 1): Padding => ({ low, high, step });
  const cases: { shape: number[]; padding: Padding[]; kernel: string }[] = [
    { shape: [1], padding: [none], kernel: "pad/x1" },
    { shape: [3], padding: [around(2, 1)], kernel: "pad/x1" },
    { shape: [3, 4], padding: [around(1, 1), none], kernel: "pad/x4" },
    { shape: [2, 5, 6, 8], padding: [none, around(1, 2), around(3, 1), none], kernel: "pad/x4" },
    { shape: [2, 5, 6, 3], padding: [none, around(1, 1), around(1, 1), none], kernel: "pad/x1" },
    { shape: [2, 3, 4], padding: [none, around(0, 0, 2), none], kernel: "pad/dilated-x4" },
    { shape: [4, 5], padding: [around(1, 2, 3), around(0, 1, 2)], kernel: "pad/dilated-x1" },
    { shape: [1, 4], padding: [around(5, 0, 7), none], kernel: "pad/x4" },
    { shape: [2, 1, 2, 1, 2, 2], padding: new Array(6).fill(around(1, 1, 2)), kernel: "pad/dilated-x1" },
  ];
  for (const { shape, padding, kernel } of cases) {
    const x = elements(sizeOf(shape));
    const lowering = lowerPad(shape, padding);
    assert.deepEqual(kernelsOf(lowering), [kernel], JSON.stringify({ shape, padding }));
    const count = sizeOf(shape.map((size, a) => paddedSize(size, padding[a]!)));
    const got = await run(device, lowering, { inputs: [x], count });
    assert.deepEqual(got, pad(x, { shape, padding }), JSON.stringify({ shape, padding }));
  }
});

Deno.test("more axes than kernels handle are rejected by name", () => {
  const target: Target = {
    profile: "gpu",
    maxBindingBytes: 2 ** 27,
    maxStorageBuffers: 8,
  };
  const shape = new Array(7).fill(2);
  assert.throws(
    () => lowerPermute(shape, { axes: [6, 5, 4, 3, 2, 1, 0], target }),
    /permute\(\) works on up to 6 axes/,
  );
  assert.throws(
    () => lowerPad(shape, shape.map(() => ({ low: 1, high: 0, step: 1 }))),
    /pad\(\) works on up to 6 axes/,
  );
});

Deno.test("collapseBox() visits the same pairs of elements in the same order", () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 0, maxLength: 5 });
  fc.assert(fc.property(sizes, fc.infiniteStream(fc.nat(1000)), (shape, order) => {
    const axes = shape.map((_, a) => a);
    const keys = axes.map(() => order.next().value as number);
    const permuted = [...axes].sort((a, b) => keys[a]! - keys[b]! || a - b);
    const source = rowMajorStrides(shape);
    const destination = rowMajorStrides(permuted.map((axis) => shape[axis]!));
    const box = permuted.map((axis, a) => ({
      size: shape[axis]!,
      source: source[axis]!,
      destination: destination[a]!,
    }));
    const visit = (list: typeof box) =>
      list.reduce<[number, number][]>(
        (pairs, axis) =>
          pairs.flatMap(([from, to]) =>
            Array.from(
              { length: axis.size },
              (_, at): [number, number] => [from + at * axis.source, to + at * axis.destination],
            )
          ),
        [[0, 0]],
      );
    const collapsed = collapseBox(box);
    assert.deepEqual(visit(collapsed), visit(box));
    assert.ok(collapsed.length <= Math.max(1, box.length));
  }));
});
