import assert from "node:assert/strict";
import { Device } from "../../../runtime/device/device.ts";
import { tensor } from "../../../runtime/graph/leaf.ts";
import { matmul } from "../../../runtime/ops/matmul.ts";
import { ones } from "../../../runtime/ops/fill.ts";
import { matmulReference } from "../../reference/matmul.ts";
import { checkOp, numbers } from "../gradient_check.ts";

for (const transposeA of [false, true]) {
  for (const transposeB of [false, true]) {
    Deno.test(`matmul() with transposeA ${transposeA}, transposeB ${transposeB}: value and gradients`, async () => {
      using device = await Device.open();
      for (const [batch, m, k, n] of [[[], 1, 1, 1], [[], 5, 7, 3], [[], 8, 4, 12], [[2, 2], 4, 8, 4]] as const) {
        const batches = batch.reduce((product: number, size) => product * size, 1);
        await checkOp(device, {
          name: `matmul ${JSON.stringify([batch, m, k, n])}`,
          op: ([a, b]) => matmul(a!, b!, { transposeA, transposeB }),
          oracle: ([a, b]) => matmulReference({ m, k, n, batches, transposeA, transposeB }, { a: a!, b: b! }),
          inputs: [
            { shape: [...batch, ...(transposeA ? [k, m] : [m, k])], data: numbers(batches * m * k, { seed: 1 }) },
            { shape: [...batch, ...(transposeB ? [n, k] : [k, n])], data: numbers(batches * k * n, { seed: 2 }) },
          ],
        });
      }
    });
  }
}

Deno.test("matmul() of batches with one matrix: value and gradients", async () => {
  using device = await Device.open();
  await checkOp(device, {
    name: "matmul [2, 3, 4] [4, 5]",
    op: ([a, b]) => matmul(a!, b!),
    oracle: ([a, b]) => matmulReference({ m: 6, k: 4, n: 5 }, { a: a!, b: b! }),
    inputs: [{ shape: [2, 3, 4], data: numbers(24) }, { shape: [4, 5], data: numbers(20) }],
  });
});

Deno.test("matmul() names shapes that do not fit", () => {
  assert.throws(() => matmul(ones([2, 3]), ones([4, 5])), /3 elements of a \[2, 3\], but over 4 of b \[4, 5\]/);
  assert.throws(() => matmul(ones([2, 3]), ones([4, 5]), { transposeB: true }), /5 of b \[4, 5\] \(transposed\)/);
  assert.throws(() => matmul(ones([2, 2, 3]), ones([3, 3, 4])), /equal leading axes, got shapes \[2, 2, 3\]/);
  assert.throws(() => matmul(ones([3]), ones([3, 4])), RangeError);
  assert.throws(() => matmul(tensor([1, 2], { shape: [1, 2], dtype: "u32" }), ones([2, 4])), TypeError);
});
