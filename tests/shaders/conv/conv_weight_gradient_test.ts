/**
 * Every variant of the gradient for the weights against float64.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Device } from "../../../runtime/device/device.ts";
import type { Target } from "../../../runtime/kernels/kernel.ts";
import { convWeightGradient, convWeightGradientVariants } from "../../../runtime/kernels/conv/conv_weight.ts";
import { assertClose, LARGE_REDUCTION_TOLERANCE } from "../../reference/compare.ts";
import { convGradients } from "../../reference/conv.ts";
import { CONV_CASES, convData, describe, forcing, geometryOf, PROFILES, swapped } from "./conv_cases.ts";
import { runLowering } from "../run_lowering.ts";

const GEOMETRIES = CONV_CASES.flatMap((test) => geometryOf(test, false) ?? []);

function allVariants(target: Target): string[] {
  return [...new Set(GEOMETRIES.flatMap((geometry) => convWeightGradientVariants(geometry, target)))];
}

for (const profile of PROFILES) {
  Deno.test(`convWeightGradient(), ${profile}: every variant agrees with float64`, async (t) => {
    using device = await Device.open();
    const target = { ...device.target, profile };
    for (const variant of allVariants(target)) {
      await t.step(variant, async () => {
        for (const geometry of GEOMETRIES) {
          if (!convWeightGradientVariants(geometry, target).includes(variant)) continue;
          const { x, w, gy } = convData(geometry);
          const { gw } = convGradients(geometry, { transposed: false, x, w, gy });
          const { outputs } = await runLowering(device, convWeightGradient(geometry, forcing(target, variant)), {
            inputs: [x, gy],
            outputs: [gw.length],
          });
          assertClose(outputs[0]!, gw, { label: describe(geometry) });
          const other = { ...geometry, swapped: true };
          const turned = await runLowering(device, convWeightGradient(other, forcing(target, variant)), {
            inputs: [x, gy],
            outputs: [gw.length],
          });
          if (variant === "winograd") {
            assertClose(turned.outputs[0]!, swapped(gw, geometry), { label: describe(other) });
          } else {assert.deepEqual(
              turned.outputs[0],
              swapped(outputs[0]!, geometry),
              `${describe(other)}: not the same bits`,
            );}
        }
      });
    }
  });

  Deno.test(`convWeightGradient(), ${profile}: adds up very many pixels, bit-equal each time`, async () => {
    using device = await Device.open();
    // More pixels than the 65,535 iterations after which lavapipe leaves a loop.
    const geometry = geometryOf({ n: 9, image: [300, 300], kernel: [1, 1], channels: [1, 1] }, false)!;
    const { x, w, gy } = convData(geometry);
    const { gw } = convGradients(geometry, { transposed: false, x, w, gy });
    const lowering = convWeightGradient(geometry, { ...device.target, profile });
    const run = async () =>
      (await runLowering(device, lowering, { inputs: [x, gy], outputs: [gw.length] })).outputs[0]!;
    const first = await run();
    assertClose(first, gw, { label: "one weight", tolerance: LARGE_REDUCTION_TOLERANCE });
    assert.deepEqual(await run(), first);
  });
}

Deno.test("convWeightGradient() gives lanes without a column pixels of their own", async (t) => {
  using device = await Device.open();
  // Two vectors of output channels: with 8 x 1 blocks two lanes of eight have a column, with 8 x 2 blocks one has.
  const geometry = geometryOf({ n: 2, image: [32, 32], kernel: [1, 1], channels: [8, 8] }, false)!;
  for (const [variant, columns] of [["software-8x1", 2], ["software-8x2", 1], ["texels-8x2", 1]] as const) {
    await t.step(variant, () => {
      const target = forcing({ ...device.target, profile: "software" }, variant);
      const [gradient] = convWeightGradient(geometry, target).dispatches;
      const { lane_rows, lane_columns } = gradient!.uniforms as Record<string, number>;
      assert.deepEqual({ lane_rows, lane_columns }, { lane_rows: 1, lane_columns: columns });
    });
  }
});

Deno.test("convWeightGradient() adds up batches of images where patches would not fit into one buffer", async () => {
  using device = await Device.open();
  const options = {
    n: 7,
    image: [64, 64],
    kernel: [4, 4],
    channels: [16, 4],
    stride: [2, 2],
    padding: [1, 1],
  } as const;
  const geometry = geometryOf(options, false)!;
  const lowering = convWeightGradient(
    geometry,
    forcing({ ...device.target, maxBindingBytes: 2 * 2 ** 20 }, "winograd"),
  );
  assert.ok(lowering.scratch!.every((elements) => elements * 4 <= 2 * 2 ** 20));
  const { x, w, gy } = convData(geometry);
  const { gw } = convGradients(geometry, { transposed: false, x, w, gy });
  const { outputs } = await runLowering(device, lowering, { inputs: [x, gy], outputs: [gw.length] });
  assertClose(outputs[0]!, gw, { label: describe(geometry), tolerance: LARGE_REDUCTION_TOLERANCE });
});

Deno.test("convWeightGradient() with roles swapped gives a transposed convolution's", async () => {
  using device = await Device.open();
  for (const test of CONV_CASES) {
    const geometry = geometryOf(test, true);
    if (!geometry) continue;
    const { h, w: width, cin, cout, outH, outW } = geometry;
    const { x, w, gy } = convData(geometry);
    const { gw } = convGradients(geometry, { transposed: true, x, w, gy });
    const roles = { ...geometry, h: outH, w: outW, cin: cout, cout: cin, outH: h, outW: width, swapped: true };
    const { outputs } = await runLowering(device, convWeightGradient(roles, device.target), {
      inputs: [gy, x],
      outputs: [gw.length],
    });
    assertClose(outputs[0]!, gw, { label: describe(geometry) });
  }
});
