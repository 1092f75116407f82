import assert from "node:assert/strict";
import { Device } from "../../../runtime/device/device.ts";
import { conv1d, convTranspose1d } from "../../../runtime/ops/conv1d.ts";
import { ones } from "../../../runtime/ops/fill.ts";
import { type Shape, sizeOf } from "../../../runtime/graph/shape.ts";
import { checkOp, numbers } from "../gradient_check.ts";

interface Case {
  readonly x: readonly [number, number, number];
  readonly w: readonly [number, number, number];
  readonly stride?: number;
  readonly padding?: number;
  readonly dilation?: number;
  readonly bias?: boolean;
}

const CASES: readonly Case[] = [
  { x: [1, 1, 1], w: [1, 1, 1], bias: true },
  { x: [2, 7, 3], w: [3, 3, 5], stride: 2, padding: 1 },
  { x: [3, 8, 4], w: [4, 4, 8], stride: 2, padding: 1, bias: true },
  { x: [2, 5, 2], w: [2, 2, 3], padding: 2, dilation: 2 },
];

/** Every product of a convolution by its definition, as [place in x, place in w, place in y]. */
function convolve(
  test: Case,
  options: { length: number; transposed: boolean; x: Float64Array; w: Float64Array; bias: Float64Array | undefined },
): Float64Array {
  const [samples, inputs, cin] = test.x;
  const [kernel, , cout] = test.w;
  const { stride = 1, padding = 0, dilation = 1 } = test;
  const { length, transposed, x, w, bias } = options;
  const y = Float64Array.from({ length: samples * length * cout }, (_, i) => bias?.[i % cout] ?? 0);
  for (let n = 0; n < samples; n++) {
    for (let i = 0; i < inputs; i++) {
      for (let o = 0; o < length; o++) {
        for (let k = 0; k < kernel; k++) {
          const meets = transposed
            ? o === i * stride - padding + k * dilation
            : i === o * stride - padding + k * dilation;
          if (!meets) continue;
          for (let ci = 0; ci < cin; ci++) {
            for (let co = 0; co < cout; co++) {
              y[(n * length + o) * cout + co]! += x[(n * inputs + i) * cin + ci]! * w[(k * cin + ci) * cout + co]!;
            }
          }
        }
      }
    }
  }
  return y;
}

for (const transposed of [false, true]) {
  const [name, op] = transposed ? ["convTranspose1d", convTranspose1d] as const : ["conv1d", conv1d] as const;
  Deno.test(`${name}(): value and gradients for sequences, weights and bias`, async () => {
    using device = await Device.open();
    for (const test of CASES) {
      const { bias: hasBias, x: xShape, w: wShape, ...options } = test;
      const cout = wShape[2];
      const [, length] = op(ones(xShape), ones(wShape), options).shape as [number, number, number];
      await checkOp(device, {
        name: `${name} ${JSON.stringify(test)}`,
        op: ([x, w, bias]) => op(x!, w!, { ...options, ...(bias && { bias }) }),
        oracle: ([x, w, bias]) => convolve(test, { length, transposed, x: x!, w: w!, bias }),
        inputs: [
          { shape: xShape, data: numbers(sizeOf(xShape), { seed: 1 }) },
          { shape: wShape, data: numbers(sizeOf(wShape), { seed: 2 }) },
          ...(hasBias ? [{ shape: [cout], data: numbers(cout, { seed: 3 }) }] : []),
        ],
      });
    }
  });
}

Deno.test("convTranspose1d() adds output padding at the end", () => {
  assert.deepEqual(convTranspose1d(ones([2, 4, 3]), ones([3, 3, 5]), { stride: 2, outputPadding: 1 }).shape, [
    2,
    10,
    5,
  ]);
});

Deno.test("conv1d() and convTranspose1d() name shapes that are not sequences", () => {
  const shapes: [Shape, Shape, RegExp][] = [
    [[2, 1, 4, 3], [3, 3, 5], /needs sequences \[N, L, C\], got shape \[2, 1, 4, 3\]/],
    [[2, 4, 3], [1, 3, 3, 5], /needs weights \[K, Cin, Cout\], got shape \[1, 3, 3, 5\]/],
    [[2, 4, 3], [3, 2, 5], /3 channels, but weights/],
  ];
  for (const [x, w, message] of shapes) {
    for (const op of [conv1d, convTranspose1d]) assert.throws(() => op(ones(x), ones(w)), message);
  }
});
