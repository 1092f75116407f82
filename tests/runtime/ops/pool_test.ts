import assert from "node:assert/strict";
import { Device } from "../../../runtime/device/device.ts";
import { tensor } from "../../../runtime/graph/leaf.ts";
import { averagePool2d, maxPool2d, type PoolOptions } from "../../../runtime/ops/pool.ts";
import { zeros } from "../../../runtime/ops/fill.ts";
import { averagePool, maxPool } from "../../reference/pool.ts";
import { checkOp, numbers } from "../gradient_check.ts";

const CASES: readonly { shape: [number, number, number, number]; out: [number, number]; options: PoolOptions }[] = [
  { shape: [2, 8, 8, 4], out: [4, 4], options: { kernel: 3, stride: 2, padding: 1 } },
  { shape: [1, 7, 5, 3], out: [3, 2], options: { kernel: 2 } },
  { shape: [3, 5, 6, 1], out: [5, 2], options: { kernel: [3, 2], stride: [1, 3], padding: [1, 0] } },
  { shape: [1, 1, 1, 1], out: [1, 1], options: { kernel: 1 } },
];

function pair(value: number | readonly [number, number]): readonly [number, number] {
  return typeof value === "number" ? [value, value] : value;
}

for (
  const [name, op, oracle] of [
    ["maxPool2d()", maxPool2d, (g, x) => maxPool(g, x).y],
    ["averagePool2d()", averagePool2d, averagePool],
  ] satisfies [string, typeof maxPool2d, typeof averagePool][]
) {
  Deno.test(`${name} matches the oracle, and its gradient central differences`, async () => {
    using device = await Device.open();
    for (const { shape, out, options } of CASES) {
      const { kernel, stride = kernel, padding = 0 } = options;
      const [n, h, w, channels] = shape;
      const [outH, outW] = out;
      const g = { n, h, w, channels, outH, outW, kernel: pair(kernel), stride: pair(stride), padding: pair(padding) };
      await checkOp(device, {
        name: `${name} of [${shape}]`,
        op: ([x]) => {
          const y = op(x!, options);
          assert.deepEqual(y.shape, [n, ...out, channels]);
          return y;
        },
        oracle: ([x]) => oracle(g, x!),
        inputs: [{ shape, data: numbers(n * h * w * channels) }],
      });
    }
  });
}

Deno.test("maxPool2d() and averagePool2d() name what does not fit", () => {
  const x = zeros([1, 4, 4, 2]);
  assert.throws(() => maxPool2d(zeros([4, 4, 2]), { kernel: 2 }), /images \[N, H, W, C\], got shape \[4, 4, 2\]/);
  assert.throws(() => maxPool2d(x, { kernel: 2, padding: 2 }), /a padding of at most half the kernel, got 2 for 2/);
  assert.throws(() => averagePool2d(x, { kernel: 5 }), /\[1, 4, 4, 2\] has no window of 5 x 5 pixels/);
  assert.throws(() => averagePool2d(x, { kernel: 2, stride: 0 }), /a stride of whole numbers from 1 on, got 0/);
  assert.throws(() => maxPool2d(x, { kernel: 1.5 }), /a kernel of whole numbers from 1 on, got 1.5/);
  assert.throws(
    () => maxPool2d(tensor([1, 2], { shape: [1, 2, 1, 1], dtype: "u32" }), { kernel: 1 }),
    /f32 inputs, but input 0 is u32/,
  );
});
