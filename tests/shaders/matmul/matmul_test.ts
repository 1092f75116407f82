/**
 * Every variant of the matrix product against float64.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Device } from "../../../runtime/device/device.ts";
import type { Target } from "../../../runtime/kernels/kernel.ts";
import { matmul, matmulVariants } from "../../../runtime/kernels/matmul/matmul.ts";
import type { MatmulOptions } from "../../../runtime/kernels/matmul/matmul_options.ts";
import { assertClose, LARGE_REDUCTION_TOLERANCE, normalData } from "../../reference/compare.ts";
import { matmulReference } from "../../reference/matmul.ts";
import { PROFILES } from "../conv/conv_cases.ts";
import { runLowering } from "../run_lowering.ts";

const SIZES: readonly MatmulOptions[] = [
  { m: 1, n: 1, k: 1 },
  { m: 1, n: 4, k: 4 },
  { m: 4, n: 1, k: 8 },
  { m: 8, n: 256, k: 320 },
  { m: 33, n: 12, k: 20 },
  { m: 64, n: 320, k: 33 },
  { m: 20, n: 14, k: 32 },
  { m: 5, n: 7, k: 11 },
  { m: 72, n: 88, k: 200, batches: 3 },
  { m: 3, n: 5, k: 2, batches: 4 },
];

function dataFor(options: MatmulOptions) {
  const { m, n, k, batches = 1 } = options;
  return {
    a: normalData(batches * m * k, { seed: 1, mean: 0.1 }),
    b: normalData(batches * k * n, { seed: 2 }),
  };
}

async function run(device: Device, options: MatmulOptions, target: Target = device.target) {
  const data = dataFor(options);
  const want = matmulReference(options, data);
  const lowering = matmul(options, target);
  const { outputs } = await runLowering(device, lowering, { inputs: [data.a, data.b], outputs: [want.length] });
  return { got: outputs[0]!, want, lowering };
}

for (const profile of PROFILES) {
  for (const [transposeA, transposeB] of [[false, false], [false, true], [true, false], [true, true]] as const) {
    const name = `a${transposeA ? " transposed" : ""}, b${transposeB ? " transposed" : ""}`;
    Deno.test(`matmul(), ${profile}, ${name}: every variant agrees with float64 for all kinds of shapes`, async (t) => {
      using device = await Device.open();
      const target = { ...device.target, profile };
      for (const variant of new Set(SIZES.flatMap((size) => matmulVariants(size, target)))) {
        await t.step(variant, async () => {
          for (const size of SIZES) {
            const options = { ...size, transposeA, transposeB };
            if (!matmulVariants(options, target).includes(variant)) continue;
            const { got, want } = await run(device, options, { ...target, tuner: { choose: () => variant } });
            assertClose(got, want, { label: JSON.stringify(options) });
          }
        });
      }
    });
  }
}

for (const profile of PROFILES) {
  Deno.test(`matmul(), ${profile}, shares out a long sum, with an odd rest`, async () => {
    using device = await Device.open();
    for (const options of [{ m: 2, n: 3, k: 150_001 }, { m: 4, n: 4, k: 40_003, transposeA: true }]) {
      const { got, want, lowering } = await run(device, options, { ...device.target, profile });
      assert.equal(lowering.dispatches.length, 2);
      assertClose(got, want, { label: JSON.stringify(options), tolerance: LARGE_REDUCTION_TOLERANCE });
    }
  });

  Deno.test(`matmul(), ${profile}, covers more workgroups than one dimension of a grid holds`, async () => {
    using device = await Device.open();
    const { got, want, lowering } = await run(device, { m: 1, n: 1, k: 1, batches: 70_000 }, {
      ...device.target,
      profile,
    });
    assert.ok(lowering.dispatches[0]!.grid[1] > 1);
    assertClose(got, want, { label: "70,000 products of two numbers" });
  });
}

Deno.test("matmul() passes NaN on to its own row and column only", async () => {
  using device = await Device.open();
  const options = { m: 24, n: 12, k: 8 };
  const data = dataFor(options);
  data.a[5 * 8 + 2] = NaN;
  data.b[3 * 12 + 7] = Infinity;
  const want = matmulReference(options, data);
  const { outputs } = await runLowering(device, matmul(options, device.target), {
    inputs: [data.a, data.b],
    outputs: [288],
  });
  assert.deepEqual(Array.from(outputs[0]!, Number.isFinite), Array.from(want, Number.isFinite));
});

Deno.test("matmul() rejects a variant that does not exist", async () => {
  using device = await Device.open();
  await assert.rejects(
    run(device, { m: 4, n: 4, k: 4 }, { ...device.target, tuner: { choose: () => "3x3" } }),
    /matmul has no variant 3x3/,
  );
});
