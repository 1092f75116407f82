import assert from "node:assert/strict";
import { Device } from "../../runtime/device.ts";
import { convForward, convTransposed, convVariants } from "../../runtime/kernels/conv.ts";
import { assertClose } from "../reference/compare.ts";
import { conv2d, convTranspose2d } from "../reference/conv.ts";
import { CONV_CASES, convData, describe, geometryOf } from "./conv_cases.ts";
import { runLowering } from "./run_lowering.ts";

const KINDS = [
  { name: "convForward()", transposed: false, lower: convForward, reference: conv2d },
  { name: "convTransposed()", transposed: true, lower: convTransposed, reference: convTranspose2d },
];

for (const { name, transposed, lower, reference } of KINDS) {
  for (const variant of convVariants()) {
    Deno.test(`${name}, ${variant}, agrees with float64 for the paper's layers, odd and size-one shapes`, async () => {
      using device = await Device.open();
      const target = { ...device.target, tuner: { choose: () => variant } };
      for (const [i, test] of CONV_CASES.entries()) {
        const geometry = geometryOf(test, transposed);
        if (!geometry) continue;
        const { x, w, bias } = convData(geometry);
        const withBias = i % 2 === 0;
        const lowering = lower({ ...geometry, bias: withBias }, target);
        const want = reference(geometry, withBias ? { x, w, bias } : { x, w });
        const { outputs } = await runLowering(device, lowering, {
          inputs: withBias ? [x, w, bias] : [x, w],
          outputs: [want.length],
        });
        assertClose(outputs[0]!, want, { label: describe(geometry) });
      }
    });
  }

  Deno.test(`${name} covers more workgroups than one dimension of a grid holds`, async () => {
    using device = await Device.open();
    const geometry = geometryOf({ n: 1, image: [2100, 2100], kernel: [1, 1], channels: [1, 1] }, transposed)!;
    const lowering = lower(geometry, { ...device.target, tuner: { choose: () => "software-8x1" } });
    assert.ok(lowering.dispatches[0]!.grid[1] > 1);
    const { x, w } = convData(geometry);
    const { outputs } = await runLowering(device, lowering, { inputs: [x, w], outputs: [x.length] });
    assertClose(outputs[0]!, reference(geometry, { x, w }), { label: describe(geometry) });
  });

  Deno.test(`${name} passes NaN and infinity on, to the pixels that see them only`, async () => {
    using device = await Device.open();
    const geometry = geometryOf(
      { n: 2, image: [6, 6], kernel: [3, 3], channels: [4, 4], padding: [1, 1] },
      transposed,
    )!;
    const { x, w } = convData(geometry);
    x[0] = NaN;
    x[35 * 4] = Infinity;
    const want = reference(geometry, { x, w });
    const { outputs } = await runLowering(device, lower(geometry, device.target), {
      inputs: [x, w],
      outputs: [want.length],
    });
    assert.deepEqual(Array.from(outputs[0]!, Number.isFinite), Array.from(want, Number.isFinite));
    assert.ok(want.some(Number.isFinite) && !want.every(Number.isFinite));
  });

  Deno.test(`${name} refuses a sum that is too long for one invocation`, async () => {
    using device = await Device.open();
    const geometry = geometryOf({ image: [1, 1], kernel: [1, 1], channels: [70_001, 1] }, transposed)!;
    assert.throws(() => lower(geometry, device.target), /cannot sum over 1 x 1 x 70001 products/);
  });
}
