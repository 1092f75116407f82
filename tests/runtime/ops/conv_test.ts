import assert from "node:assert/strict";
import { gradients } from "../../../runtime/graph/autodiff.ts";
import { Device } from "../../../runtime/device/device.ts";
import { tensor } from "../../../runtime/graph/leaf.ts";
import { conv2d, convTranspose2d } from "../../../runtime/ops/conv.ts";
import { mul } from "../../../runtime/ops/pointwise.ts";
import { ones } from "../../../runtime/ops/fill.ts";
import { sum } from "../../../runtime/ops/reduce.ts";
import type { Tensor } from "../../../runtime/graph/tensor.ts";
import * as reference from "../../reference/conv.ts";
import { checkOp, numbers } from "../gradient_check.ts";

const CASES = [
  { x: [2, 5, 5, 1], w: [3, 3, 1, 4], stride: 2, padding: 1 },
  { x: [2, 4, 4, 4], w: [4, 4, 4, 8], stride: 2, padding: 1 },
  { x: [2, 4, 4, 4], w: [4, 4, 4, 4], stride: 2, bias: true },
  { x: [3, 2, 2, 8], w: [4, 4, 8, 4], padding: 1 },
  { x: [1, 5, 4, 3], w: [2, 3, 3, 5], stride: [2, 1], padding: [1, 2], dilation: [1, 2], bias: true },
  { x: [2, 3, 3, 4], w: [1, 1, 4, 6], bias: true },
] as const;

for (const transposed of [false, true]) {
  const [name, op] = transposed ? ["convTranspose2d", convTranspose2d] as const : ["conv2d", conv2d] as const;
  const oracle = transposed ? reference.convTranspose2d : reference.conv2d;
  Deno.test(`${name}(): value and gradients for images, weights and bias`, async () => {
    using device = await Device.open();
    for (const test of CASES) {
      const options = { stride: 1, padding: 0, dilation: 1, ...test };
      const pair = (value: number | readonly [number, number]) =>
        typeof value === "number" ? [value, value] as const : value;
      const [n, h, w, cin] = test.x;
      const [kh, kw, , cout] = test.w;
      const { stride, padding, dilation } = options;
      const y = op(ones(test.x), ones(test.w), { stride, padding, dilation });
      const [, outH, outW] = y.shape as [number, number, number, number];
      const walk = { stride: pair(stride), padding: pair(padding), dilation: pair(dilation) };
      const geometry = { n, h, w, cin, kh, kw, cout, outH, outW, ...walk };
      const size = (shape: readonly number[]) => shape.reduce((product, each) => product * each, 1);
      await checkOp(device, {
        name: `${name} ${JSON.stringify(test)}`,
        op: ([x, weights, bias]) => op(x!, weights!, { stride, padding, dilation, ...(bias && { bias }) }),
        oracle: ([x, weights, bias]) => oracle(geometry, { x: x!, w: weights!, ...(bias && { bias }) }),
        inputs: [
          { shape: test.x, data: numbers(size(test.x), { seed: 1 }) },
          { shape: test.w, data: numbers(size(test.w), { seed: 2 }) },
          ...("bias" in test ? [{ shape: [cout], data: numbers(cout, { seed: 3 }) }] : []),
        ],
      });
    }
  });
}

Deno.test("conv2d(): the gradient of a gradient", async () => {
  using device = await Device.open();
  const [n, h, w, cin, kh, kw, cout] = [1, 4, 4, 2, 3, 3, 4];
  const geometry = {
    n,
    h,
    w,
    cin,
    kh,
    kw,
    cout,
    outH: 2,
    outW: 2,
    stride: [2, 2],
    padding: [1, 1],
    dilation: [1, 1],
  } as const;
  const conv = (x: Tensor, weights: Tensor) => conv2d(x, weights, { stride: 2, padding: 1 });
  for (const side of [0, 1] as const) {
    // The gradient of sum(y^2 / 2) for one input, as a function of both.
    await checkOp(device, {
      name: `gradient for input ${side}`,
      op: ([x, weights]) => {
        const y = conv(x!, weights!);
        return gradients(sum(mul(0.5, mul(y, y))), [[x!, weights!][side]!])[0]!;
      },
      oracle: ([x, weights]) => {
        const y = reference.conv2d(geometry, { x: x!, w: weights! });
        const { gx, gw } = reference.convGradients(geometry, { transposed: false, x: x!, w: weights!, gy: y });
        return side === 0 ? gx : gw;
      },
      inputs: [
        { shape: [n, h, w, cin], data: numbers(n * h * w * cin, { seed: 1 }) },
        { shape: [kh, kw, cin, cout], data: numbers(kh * kw * cin * cout, { seed: 2 }) },
      ],
    });
  }
});

Deno.test("convTranspose2d() takes an outputPadding", async () => {
  using device = await Device.open();
  const walk = { stride: [2, 2], padding: [1, 1], dilation: [1, 1] } as const;
  const geometry = { n: 2, h: 3, w: 4, cin: 4, kh: 3, kw: 3, cout: 1, outH: 6, outW: 8, ...walk };
  await checkOp(device, {
    name: "convTranspose2d with outputPadding",
    op: ([x, weights]) => convTranspose2d(x!, weights!, { stride: 2, padding: 1, outputPadding: 1 }),
    oracle: ([x, weights]) => reference.convTranspose2d(geometry, { x: x!, w: weights! }),
    inputs: [{ shape: [2, 3, 4, 4], data: numbers(96) }, { shape: [3, 3, 4, 1], data: numbers(36) }],
  });
});

Deno.test("conv2d() and convTranspose2d() name arguments that do not fit", () => {
  const x = ones([2, 4, 4, 3]);
  assert.throws(() => conv2d(x, ones([3, 3, 4, 8])), /\[2, 4, 4, 3\] of 3 channels, but weights \[3, 3, 4, 8\] for 4/);
  assert.throws(() => conv2d(x, ones([5, 5, 3, 8])), /would give 0 x 0 pixels/);
  assert.throws(() => conv2d(x, ones([3, 3, 3])), /weights \[KH, KW, Cin, Cout\], got shape \[3, 3, 3\]/);
  assert.throws(() => conv2d(ones([4, 4, 3]), ones([3, 3, 3, 8])), /images \[N, H, W, C\], got shape \[4, 4, 3\]/);
  assert.throws(() => conv2d(x, ones([3, 3, 3, 8]), { bias: ones([3]) }), /bias of shape \[8\], got \[3\]/);
  assert.throws(() => conv2d(x, ones([3, 3, 3, 8]), { stride: 0 }), /stride of whole numbers from 1 on, got 0/);
  assert.throws(
    () => convTranspose2d(x, ones([3, 3, 3, 8]), { stride: 2, outputPadding: 2 }),
    /below the stride \(2\)/,
  );
  assert.throws(() => conv2d(tensor([1], { shape: [1, 1, 1, 1], dtype: "u32" }), ones([1, 1, 1, 1])), TypeError);
});
