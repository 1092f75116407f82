import assert from "node:assert/strict";
import { Device } from "../../runtime/device.ts";
import { convVariants } from "../../runtime/kernels/conv.ts";
import { convWeightGradient, swapWeightAxes } from "../../runtime/kernels/conv_weight.ts";
import { assertClose, LARGE_REDUCTION_TOLERANCE } from "../reference/compare.ts";
import { convGradients } from "../reference/conv.ts";
import { CONV_CASES, convData, describe, geometryOf } from "./conv_cases.ts";
import { runLowering } from "./run_lowering.ts";

for (const variant of convVariants()) {
  Deno.test(`convWeightGradient(), ${variant}, agrees with float64 for the paper's layers, odd and size-one shapes`, async () => {
    using device = await Device.open();
    const target = { ...device.target, tuner: { choose: () => variant } };
    for (const test of CONV_CASES) {
      const geometry = geometryOf(test, false);
      if (!geometry) continue;
      const { x, w, gy } = convData(geometry);
      const { gw } = convGradients(geometry, { transposed: false, x, w, gy });
      const { outputs } = await runLowering(device, convWeightGradient(geometry, target), {
        inputs: [x, gy],
        outputs: [gw.length],
      });
      assertClose(outputs[0]!, gw, { label: describe(geometry) });
    }
  });
}

Deno.test("convWeightGradient() adds up more pixels than one invocation may visit, bit-equal each time", async () => {
  using device = await Device.open();
  const geometry = geometryOf({ n: 9, image: [300, 300], kernel: [1, 1], channels: [1, 1] }, false)!;
  const { x, w, gy } = convData(geometry);
  const { gw } = convGradients(geometry, { transposed: false, x, w, gy });
  const lowering = convWeightGradient(geometry, device.target);
  assert.ok((lowering.scratch?.[0] ?? 0) >= 13);
  const run = async () => (await runLowering(device, lowering, { inputs: [x, gy], outputs: [gw.length] })).outputs[0]!;
  const first = await run();
  assertClose(first, gw, { label: "one weight", tolerance: LARGE_REDUCTION_TOLERANCE });
  assert.deepEqual(await run(), first);
});

Deno.test("convWeightGradient() with roles swapped gives a transposed convolution's, last axes swapped", async () => {
  using device = await Device.open();
  for (const test of CONV_CASES) {
    const geometry = geometryOf(test, true);
    if (!geometry) continue;
    const { n, h, w: width, cin, cout, outH, outW } = geometry;
    const { x, w, gy } = convData(geometry);
    const { gw } = convGradients(geometry, { transposed: true, x, w, gy });
    const roles = { ...geometry, n, h: outH, w: outW, cin: cout, cout: cin, outH: h, outW: width };
    const swapped = await runLowering(device, convWeightGradient(roles, device.target), {
      inputs: [gy, x],
      outputs: [gw.length],
    });
    const swap = swapWeightAxes({ taps: geometry.kh * geometry.kw, rows: cout, columns: cin });
    const { outputs } = await runLowering(device, swap, { inputs: [swapped.outputs[0]!], outputs: [gw.length] });
    assertClose(outputs[0]!, gw, { label: describe(geometry) });
  }
});

Deno.test("swapWeightAxes() moves every element, in blocks and one by one", async () => {
  using device = await Device.open();
  for (
    const size of [{ taps: 1, rows: 1, columns: 1 }, { taps: 16, rows: 8, columns: 36 }, {
      taps: 9,
      rows: 5,
      columns: 12,
    }]
  ) {
    const { taps, rows, columns } = size;
    const x = Float32Array.from({ length: taps * rows * columns }, (_, i) => i);
    const { outputs } = await runLowering(device, swapWeightAxes(size), { inputs: [x], outputs: [x.length] });
    const want = x.map((_, i) => {
      const [tap, column, row] = [Math.floor(i / (rows * columns)), Math.floor(i / rows) % columns, i % rows];
      return (tap * rows + row) * columns + column;
    });
    assert.deepEqual(outputs[0], want);
  }
});
