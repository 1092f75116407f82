/**
 * Convolutions and weight gradients of a batch norm that the kernel applies as it reads, against float64.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Device } from "../../../runtime/device/device.ts";
import { convForward, convTransposed, convVariants } from "../../../runtime/kernels/conv/conv.ts";
import type { ConvGeometry } from "../../../runtime/kernels/conv/conv_geometry.ts";
import { convWeightGradient } from "../../../runtime/kernels/conv/conv_weight.ts";
import type { Lowering, Target } from "../../../runtime/kernels/kernel.ts";
import { assertClose, normalData } from "../../reference/compare.ts";
import { conv2d, convGradients, convTranspose2d } from "../../reference/conv.ts";
import { CONV_CASES, convData, describe, forcing, geometryOf } from "./conv_cases.ts";
import { type Halves, runLowering } from "../run_lowering.ts";

function coefficients(channels: number) {
  return {
    scale: normalData(channels, { seed: 21, mean: 1, deviation: 0.5 }),
    shift: normalData(channels, { seed: 22, mean: 0.3 }),
  };
}

/** The batch norm in float64; padding is not part of it and stays zero. */
function normalize(x: Float32Array, options: { scale: Float32Array; shift: Float32Array; relu: boolean }) {
  const { scale, shift, relu } = options;
  return Float64Array.from(x, (value, i) => {
    const c = i % scale.length;
    const y = value * scale[c]! + shift[c]!;
    return relu ? Math.max(y, 0) : y;
  });
}

function geometries(transposed: boolean): ConvGeometry[] {
  return CONV_CASES.flatMap((test) => geometryOf(test, transposed) ?? []);
}

function gpu(device: Device, variant?: string): Target {
  const target: Target = { ...device.target, profile: "gpu" };
  return variant === undefined ? target : forcing(target, variant);
}

async function run(
  device: Device,
  lowering: Lowering,
  options: { inputs: readonly Float32Array[]; output: number; halves?: Halves },
): Promise<Float32Array> {
  const { inputs, output, halves = {} } = options;
  return (await runLowering(device, lowering, { inputs, outputs: [output], halves })).outputs[0]!;
}

async function checkConvolution(
  device: Device,
  given: { geometry: ConvGeometry; transposed: boolean; relu: boolean; target: Target; half?: boolean },
): Promise<void> {
  const { geometry, transposed, relu, target, half = false } = given;
  const { x, w, bias } = convData(geometry);
  const { scale, shift } = coefficients(geometry.cin);
  const lower = transposed ? convTransposed : convForward;
  const stored = half ? Float32Array.from(new Float16Array(x)) : x;
  const want = (transposed ? convTranspose2d : conv2d)(geometry, {
    x: normalize(stored, { scale, shift, relu }),
    w,
    bias,
  });
  const normalized = { position: 0, relu, firstInput: 3 };
  const got = await run(device, lower({ ...geometry, bias: true, normalized }, target), {
    inputs: [x, w, bias, scale, shift],
    output: want.length,
    ...(half ? { halves: { inputs: [0] } } : {}),
  });
  assertClose(got, want, { label: describe(geometry) });
}

for (const transposed of [false, true]) {
  Deno.test(`${transposed ? "convTransposed()" : "convForward()"} of a batch norm agrees with float64`, async () => {
    using device = await Device.open();
    const fitting = geometries(transposed).filter(({ cin }) => cin % 4 === 0);
    for (const [i, geometry] of fitting.entries()) {
      await checkConvolution(device, { geometry, transposed, relu: i % 2 === 0, target: gpu(device) });
    }
    const [first] = fitting as [ConvGeometry];
    const tiles = convVariants(first, { transposed, target: gpu(device) }).filter((name) => name.startsWith("gpu-"));
    for (const variant of tiles) {
      await checkConvolution(device, { geometry: first, transposed, relu: true, target: gpu(device, variant) });
    }
    await checkConvolution(device, { geometry: first, transposed, relu: true, target: gpu(device), half: true });
  });
}

Deno.test("convWeightGradient() of a batch norm in either place agrees with float64", async () => {
  using device = await Device.open();
  for (const [i, geometry] of geometries(false).entries()) {
    const { x, w, gy } = convData(geometry);
    const { kh, kw, cin, cout } = geometry;
    for (const position of [0, 1]) {
      const channels = position === 0 ? cin : cout;
      if (channels % 4 !== 0 || i % 2 !== position) continue;
      const { scale, shift } = coefficients(channels);
      const relu = i % 3 === 0;
      const norm = (data: Float32Array, at: number) =>
        at === position ? normalize(data, { scale, shift, relu }) : Float64Array.from(data);
      const want = convGradients(geometry, { x: norm(x, 0), w, gy: norm(gy, 1), transposed: false }).gw;
      const normalized = { position, relu, firstInput: 2 };
      const got = await run(device, convWeightGradient({ ...geometry, normalized }, gpu(device)), {
        inputs: [x, gy, scale, shift],
        output: kh * kw * cin * cout,
      });
      assertClose(got, want, { label: `${position} of ${describe(geometry)}` });
    }
  }
});

Deno.test("a NaN in a batch norm's input reaches the convolution's result through ReLU", async () => {
  using device = await Device.open();
  const geometry = geometries(false).find(({ cin, kh }) => cin % 4 === 0 && kh === 1)!;
  const { x, w } = convData(geometry);
  x[5] = NaN;
  const { scale, shift } = coefficients(geometry.cin);
  const lowering = convForward({ ...geometry, normalized: { position: 0, relu: true, firstInput: 2 } }, gpu(device));
  const count = geometry.n * geometry.outH * geometry.outW * geometry.cout;
  const y = await run(device, lowering, { inputs: [x, w, scale, shift], output: count });
  const pixel = Math.floor(5 / geometry.cin);
  assert.deepEqual([...y].map(Number.isNaN), [...y].map((_, i) => Math.floor(i / geometry.cout) === pixel));
});
