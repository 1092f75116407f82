/**
 * Convolutions of float16 and their gradients against float64: exactly where nothing is rounded, and within the bound
 * of their roundings.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Device } from "../../../runtime/device/device.ts";
import { convForward, convTransposed, convVariants } from "../../../runtime/kernels/conv/conv.ts";
import type { ConvGeometry } from "../../../runtime/kernels/conv/conv_geometry.ts";
import { convWeightGradient, convWeightGradientVariants } from "../../../runtime/kernels/conv/conv_weight.ts";
import type { Lowering, Target } from "../../../runtime/kernels/kernel.ts";
import { normalData } from "../../reference/compare.ts";
import { conv2d, convGradients, convTranspose2d } from "../../reference/conv.ts";
import { assertHalfProducts, smallIntegers } from "../../reference/half_products.ts";
import { CONV_CASES, convData, describe, forcing, geometryOf, swapped } from "./conv_cases.ts";
import { type Halves, runLowering } from "../run_lowering.ts";

function halfTarget(device: Device): Target {
  return { ...device.target, profile: "gpu", compute: "f16" };
}

/** Vectors and odd channels, odd sizes, phases without taps, sizes of one, several tiles, sums that are shared out. */
const CASES = CONV_CASES.filter((_, i) => [2, 9, 11, 12, 15, 17, 23].includes(i));

const isHalf = (variant: string) => variant.endsWith("-f16");

type ConvInputs = Pick<ReturnType<typeof convData>, "x" | "w" | "bias" | "gy">;

function integerData(geometry: ConvGeometry): ConvInputs {
  const { x, w, bias, gy } = convData(geometry);
  return {
    x: smallIntegers(x.length, 1),
    w: smallIntegers(w.length, 2),
    bias: smallIntegers(bias.length, 3),
    gy: smallIntegers(gy.length, 4),
  };
}

function magnitudesOf(data: ConvInputs): ConvInputs {
  const { x, w, bias, gy } = data;
  return { x: x.map(Math.abs), w: w.map(Math.abs), bias: bias.map(Math.abs), gy: gy.map(Math.abs) };
}

async function run(
  device: Device,
  lowering: Lowering,
  options: { inputs: readonly Float32Array[]; count: number; halves?: Halves },
): Promise<Float32Array> {
  const { inputs, count, halves = {} } = options;
  return (await runLowering(device, lowering, { inputs, outputs: [count], halves })).outputs[0]!;
}

/** Compiling is what takes time: each case meets one variant and one way of storing the operands, in turn. */
function casesOf(geometries: readonly ConvGeometry[], variantsOf: (geometry: ConvGeometry) => readonly string[]) {
  return geometries.map((geometry, i) => {
    const variants = variantsOf(geometry).filter(isHalf).sort();
    const halves = [{}, { inputs: [0] }, { inputs: [0, 1] }, { inputs: [1] }][i % 4]!;
    return { geometry, variant: variants[i % variants.length]!, halves };
  });
}

function geometries(transposed: boolean): ConvGeometry[] {
  return CASES.flatMap((test) => geometryOf(test, transposed) ?? []);
}

for (
  const { name, transposed, lower, reference } of [
    { name: "convForward()", transposed: false, lower: convForward, reference: conv2d },
    { name: "convTransposed()", transposed: true, lower: convTransposed, reference: convTranspose2d },
  ]
) {
  Deno.test(`${name} of float16: all variants are exact for integers, and within their bound else`, async () => {
    using device = await Device.open();
    const target = halfTarget(device);
    const cases = casesOf(geometries(transposed), (geometry) => convVariants(geometry, { transposed, target }));
    for (const [i, { geometry, variant, halves }] of cases.entries()) {
      const label = `${variant}, ${describe(geometry)}`;
      const isSwapped = i % 3 === 1;
      const lowering = lower({ ...geometry, bias: true, swapped: isSwapped }, forcing(target, variant));
      const compute = (data: ConvInputs) =>
        run(device, lowering, {
          inputs: [data.x, isSwapped ? swapped(data.w, geometry) : data.w, data.bias],
          count: geometry.n * geometry.outH * geometry.outW * geometry.cout,
          halves,
        });
      const [integers, data] = [integerData(geometry), convData(geometry)];
      assert.deepEqual(await compute(integers), Float32Array.from(reference(geometry, integers)), label);
      assertHalfProducts(await compute(data), reference(geometry, data), {
        magnitudes: reference(geometry, magnitudesOf(data)),
        depth: geometry.kh * geometry.kw * geometry.cin,
        largest: 6,
        label,
      });
    }
  });
}

Deno.test("convWeightGradient() of float16: variants are exact for integers, and within their bound else", async () => {
  using device = await Device.open();
  const target = halfTarget(device);
  const cases = casesOf(geometries(false), (geometry) => convWeightGradientVariants(geometry, target));
  for (const [i, { geometry, variant, halves }] of cases.entries()) {
    const label = `${variant}, ${describe(geometry)}`;
    const isSwapped = i % 3 === 1;
    const lowering = convWeightGradient({ ...geometry, swapped: isSwapped }, forcing(target, variant));
    const reference = (data: ConvInputs) => convGradients(geometry, { ...data, transposed: false }).gw;
    const laidOut = (gw: Float32Array | Float64Array) => isSwapped ? swapped(gw, geometry) : Float32Array.from(gw);
    const compute = (data: ConvInputs) =>
      run(device, lowering, { inputs: [data.x, data.gy], count: data.w.length, halves });
    const [integers, data] = [integerData(geometry), convData(geometry)];
    assert.deepEqual(await compute(integers), laidOut(reference(integers)), label);
    assertHalfProducts(await compute(data), laidOut(reference(data)), {
      magnitudes: laidOut(reference(magnitudesOf(data))),
      depth: geometry.n * geometry.outH * geometry.outW,
      largest: 6,
      label,
    });
  }
});

Deno.test("a batch norm is applied in float32 before its result is rounded to float16", async () => {
  using device = await Device.open();
  const geometry = geometryOf({ n: 2, image: [9, 7], kernel: [2, 2], channels: [12, 8] }, false)!;
  const { x, w, gy } = convData(geometry);
  const scale = normalData(12, { seed: 21, mean: 1, deviation: 0.5 });
  const shift = normalData(12, { seed: 22, mean: 0.3 });
  const stored = Float32Array.from(x, (value) => Math.f16round(value));
  const normal = Float64Array.from(stored, (value, i) => Math.max(value * scale[i % 12]! + shift[i % 12]!, 0));
  const normalized = { position: 0, relu: true, firstInput: 2 };
  const target = halfTarget(device);
  const check = async (
    lowering: Lowering,
    other: Float32Array,
    product: (x: Float64Array, y: Float32Array) => Float64Array,
    depth: number,
  ) => {
    const want = product(normal, other);
    const got = await run(device, lowering, {
      inputs: [x, other, scale, shift],
      count: want.length,
      halves: { inputs: [0] },
    });
    const magnitudes = product(normal, other.map(Math.abs));
    assertHalfProducts(got, want, { magnitudes, depth, largest: 12, label: lowering.dispatches[0]!.kernel });
  };
  await check(convForward({ ...geometry, normalized }, target), w, (x, w) => conv2d(geometry, { x, w }), 48);
  const gradient = (x: Float64Array, gy: Float32Array) => convGradients(geometry, { x, w, gy, transposed: false }).gw;
  await check(convWeightGradient({ ...geometry, normalized }, target), gy, gradient, 96);
});
