/**
 * Chains in the epilogue of a convolution give the bits of the chain after it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Device } from "../../../runtime/device/device.ts";
import { convForward, convTransposed, convVariants } from "../../../runtime/kernels/conv/conv.ts";
import type { ConvGeometry } from "../../../runtime/kernels/conv/conv_geometry.ts";
import type { Epilogue, Step } from "../../../runtime/kernels/pointwise/expression.ts";
import { lowerPointwise } from "../../../runtime/kernels/pointwise/pointwise.ts";
import { type Shape, sizeOf } from "../../../runtime/graph/shape.ts";
import { CONV_CASES, convData, describe, forcing, geometryOf, PROFILES } from "./conv_cases.ts";
import { runLowering } from "../run_lowering.ts";

/** Integers, so that a driver's use of fused multiply-add does not matter. */
function whole(length: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length }, () => (state = Math.imul(state, 1664525) + 1013904223 >>> 0) % 5 - 2);
}

/**
 * max(v, 0) scale[c] + (image and channel), and with `every` more kinds of broadcast: x mask + 3 (row) + full (scalar)
 * - (pixel). Two steps are stored.
 */
function chainOver({ n, outH, outW, cout }: ConvGeometry, options: { every: boolean }): Epilogue {
  const shape: Shape = [n, outH, outW, cout];
  const few: Shape[] = [shape, [cout], [n, 1, 1, cout]];
  const more: Shape[] = [[outH, 1, 1], shape, [], [n, outH, outW, 1]];
  const at = (input: number) => ({ input });
  const steps: Step[] = [
    { args: [at(0), { fill: 0 }], expression: ([v, zero]) => `max(${v}, ${zero})` },
    { args: [{ step: 0 }, at(1), at(2)], expression: ([v, scale, mask]) => `(${v} * ${scale} + ${mask})` },
  ];
  const rest: Step[] = [
    { args: [{ step: 1 }, at(3)], expression: ([v, row], constant) => `(${v} + ${row} * ${constant(3)})` },
    {
      args: [{ step: 2 }, at(4), at(5), at(6)],
      expression: ([v, full, s, pixel]) => `(${v} + ${full} * ${s} - ${pixel})`,
    },
  ];
  return options.every
    ? { expression: { shape, inputs: [...few, ...more], steps: [...steps, ...rest] }, outputs: [3, 1] }
    : { expression: { shape, inputs: few, steps }, outputs: [1, 0] };
}

for (
  const [name, transposed, lower] of [["convForward()", false, convForward], [
    "convTransposed()",
    true,
    convTransposed,
  ]] as const
) {
  Deno.test(`${name}: a fused chain gives the bits of a separate one, in all variants and broadcasts`, async (t) => {
    using device = await Device.open();
    const geometries = CONV_CASES.flatMap((test) => geometryOf(test, transposed) ?? []);
    for (const profile of PROFILES) {
      const target = { ...device.target, profile };
      const variants = new Set(geometries.flatMap((geometry) => convVariants(geometry, { transposed, target })));
      for (const variant of variants) {
        await t.step(`${profile} ${variant}`, async () => {
          const fitting = geometries.filter((each) => convVariants(each, { transposed, target }).includes(variant));
          // Compiling is what takes time: one geometry of vectors, one of single channels, and few inputs where stores
          // are not in a loop.
          const kinds = new Map(fitting.map((each) => [each.cout % 4 === 0, each]));
          const every = profile === "software";
          for (const [i, geometry] of [...kinds.values()].entries()) {
            await compareWithSeparate(device, {
              geometry,
              bias: i % 2 === 0,
              every,
              lower: (work) => lower(work, forcing(target, variant)),
            });
          }
        });
      }
    }
  });

  Deno.test(`${name}: a chain follows each go of images where patches would not fit into one buffer`, async () => {
    using device = await Device.open();
    const geometry = geometryOf(
      { n: 7, image: [64, 64], kernel: [4, 4], channels: [16, 4], stride: [2, 2], padding: [1, 1] },
      transposed,
    )!;
    const target = forcing({ ...device.target, maxBindingBytes: 2 * 2 ** 20 }, "winograd");
    const fused = lower({ ...geometry, epilogue: chainOver(geometry, { every: true }) }, target);
    assert.ok(fused.dispatches.filter(({ kernel }) => kernel === "conv_winograd/outputs-fused").length > 1);
    await compareWithSeparate(device, { geometry, bias: false, every: true, lower: (work) => lower(work, target) });
  });
}

/** Compares a convolution with an epilogue with the convolution, and the chain as a kernel of its own. */
async function compareWithSeparate(
  device: Device,
  options: {
    geometry: ConvGeometry;
    bias: boolean;
    every: boolean;
    lower: (work: Parameters<typeof convForward>[0]) => ReturnType<typeof convForward>;
  },
): Promise<void> {
  const { geometry, bias, every, lower } = options;
  const { x, w, bias: offset } = convData(geometry);
  const own = [x, w].map((data) => data.map(Math.round)).concat(bias ? [offset.map(Math.round)] : []);
  const epilogue = chainOver(geometry, { every });
  const { expression, outputs } = epilogue;
  const others = expression.inputs.slice(1).map((shape, i) => whole(sizeOf(shape), i + 1));
  const count = sizeOf(expression.shape);
  const plain = await runLowering(device, lower({ ...geometry, bias }), { inputs: own, outputs: [count] });
  const chain = lowerPointwise(expression, { outputs, target: device.target, label: "chain" });
  const want = await runLowering(device, chain, { inputs: [plain.outputs[0]!, ...others], outputs: [count, count] });
  const got = await runLowering(device, lower({ ...geometry, bias, epilogue }), {
    inputs: [...own, ...others],
    outputs: [count, count],
  });
  assert.deepEqual(got.outputs, want.outputs, describe(geometry));
}
