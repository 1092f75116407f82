/**
 * Matrix products of float16 against float64: exactly where nothing is rounded, and within the bound of their
 * roundings.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Device } from "../../../runtime/device/device.ts";
import type { Target } from "../../../runtime/kernels/kernel.ts";
import { matmul, matmulVariants } from "../../../runtime/kernels/matmul/matmul.ts";
import type { MatmulOptions } from "../../../runtime/kernels/matmul/matmul_options.ts";
import { normalData } from "../../reference/compare.ts";
import { assertHalfProducts, smallIntegers } from "../../reference/half_products.ts";
import { matmulReference } from "../../reference/matmul.ts";
import { type Halves, runLowering } from "../run_lowering.ts";

const SIZES: readonly MatmulOptions[] = [
  { m: 33, n: 12, k: 20 },
  { m: 5, n: 7, k: 11 },
  { m: 72, n: 88, k: 200, batches: 3 },
];

function halfTarget(device: Device): Target {
  return { ...device.target, profile: "gpu", compute: "f16" };
}

type Operands = { readonly a: Float32Array; readonly b: Float32Array };

async function run(
  device: Device,
  options: MatmulOptions,
  given: { data: Operands; variant?: string; halves?: Halves },
): Promise<Float32Array> {
  const { data: { a, b }, variant, halves = {} } = given;
  const target = halfTarget(device);
  const lowering = matmul(options, variant ? { ...target, tuner: { choose: () => variant } } : target);
  assert.match(lowering.dispatches[0]!.kernel, /-f16(-scalar)?$/);
  const { m, n, batches = 1 } = options;
  return (await runLowering(device, lowering, { inputs: [a, b], outputs: [batches * m * n], halves })).outputs[0]!;
}

function dataOf({ m, n, k, batches = 1 }: MatmulOptions, make: (count: number, seed: number) => Float32Array) {
  return { a: make(batches * m * k, 1), b: make(batches * k * n, 2) };
}

Deno.test("matmul() of float16: all variants are exact for integers, and within their bound else", async () => {
  using device = await Device.open();
  const variants = matmulVariants(SIZES[0]!, halfTarget(device)).sort();
  const layouts = [[false, false], [false, true], [true, false], [true, true]] as const;
  // Compiling is what takes time: variants and ways of storing the operands take turns.
  for (const [i, size] of SIZES.entries()) {
    for (const [l, [transposeA, transposeB]] of layouts.entries()) {
      const options = { ...size, transposeA, transposeB };
      const variant = variants[(4 * i + l) % variants.length]!;
      const halves = [{}, { inputs: [0] }, { inputs: [1] }, { inputs: [0, 1] }][(i + l) % 4]!;
      const label = `${variant}, ${JSON.stringify(options)}`;
      const integers = dataOf(options, smallIntegers);
      const exact = await run(device, options, { data: integers, variant, halves });
      assert.deepEqual(exact, Float32Array.from(matmulReference(options, integers)), label);
      const data = dataOf(options, (count, seed) => normalData(count, { seed, mean: 0.1 }));
      const magnitudes = matmulReference(options, { a: data.a.map(Math.abs), b: data.b.map(Math.abs) });
      const got = await run(device, options, { data, variant, halves });
      assertHalfProducts(got, matmulReference(options, data), { magnitudes, depth: options.k, largest: 6, label });
    }
  }
});

Deno.test("matmul() of float16 rounds its operands to float16, and adds up in float32 after a few terms", async () => {
  using device = await Device.open();
  const fine = { a: Float32Array.of(1 + 2 ** -12), b: Float32Array.of(1) };
  assert.deepEqual([...await run(device, { m: 1, n: 1, k: 1 }, { data: fine })], [1]);
  // Float16 holds no odd number above 2,048.
  const ones = new Float32Array(5001).fill(1);
  assert.deepEqual([...await run(device, { m: 1, n: 1, k: 5001 }, { data: { a: ones, b: ones } })], [5001]);
});

Deno.test("matmul() of float16 shares out a long sum, bit-equal each time", async () => {
  using device = await Device.open();
  const options = { m: 4, n: 4, k: 40_003, transposeA: true };
  const data = dataOf(options, (count, seed) => normalData(count, { seed }));
  const [first, second] = [await run(device, options, { data }), await run(device, options, { data })];
  assert.deepEqual(first, second);
  const magnitudes = matmulReference(options, { a: data.a.map(Math.abs), b: data.b.map(Math.abs) });
  const how = { magnitudes, depth: options.k, largest: 6, label: "a long sum" };
  assertHalfProducts(first, matmulReference(options, data), how);
});

Deno.test("matmul() of float16 passes NaN, infinity and overflow on to its own row and column only", async () => {
  using device = await Device.open();
  const options = { m: 24, n: 12, k: 8 };
  const data = dataOf(options, smallIntegers);
  data.a.fill(1, 5 * 8, 6 * 8);
  data.b.fill(1, 0, 8 * 12);
  data.a[5 * 8 + 2] = NaN;
  data.a[7 * 8 + 2] = 1e5;
  data.b[3 * 12 + 7] = Infinity;
  data.a.forEach((value, i) => data.a[i] = value === 0 ? 1 : value);
  const got = await run(device, options, { data });
  const finite = Array.from(got, (_, i) => ![5, 7].includes(Math.floor(i / 12)) && i % 12 !== 7);
  assert.deepEqual(Array.from(got, Number.isFinite), finite);
});
