/**
 * Every variant of forward and transposed convolutions against float64.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Device } from "../../../runtime/device/device.ts";
import type { Target } from "../../../runtime/kernels/kernel.ts";
import type { ConvGeometry } from "../../../runtime/kernels/conv/conv_geometry.ts";
import { convForward, convTransposed, convVariants } from "../../../runtime/kernels/conv/conv.ts";
import { assertClose } from "../../reference/compare.ts";
import { conv2d, convTranspose2d } from "../../reference/conv.ts";
import { CONV_CASES, convData, describe, forcing, geometryOf, PROFILES, swapped } from "./conv_cases.ts";
import { runLowering } from "../run_lowering.ts";

const KINDS = [
  { name: "convForward()", transposed: false, lower: convForward, reference: conv2d },
  { name: "convTransposed()", transposed: true, lower: convTransposed, reference: convTranspose2d },
];

/** A case that a variant can do. */
interface VariantCase {
  readonly variant: string;
  readonly geometry: ConvGeometry;
  readonly bias: boolean;
  /** Whether the weights are also given in the other layout. */
  readonly swaps: boolean;
}

/** From so many multiply-adds on, kernels add up without compensation: a text of its own to compile. */
const LONG = 2 ** 18;

/**
 * Every case with every variant that can do it; every other case has a bias. How weights are read has nothing to do
 * with how products are added up, so that in large cases only one variant tries both layouts.
 */
function variantCases(transposed: boolean, target: Target): VariantCase[] {
  return CONV_CASES.flatMap((test, i) => {
    const geometry = geometryOf(test, transposed);
    const variants = geometry ? convVariants(geometry, { transposed, target }) : [];
    return variants.map((variant, v) => ({
      variant,
      geometry: geometry!,
      bias: i % 2 === 0,
      swaps: v === 0 || multiplyAdds(geometry!) < LONG,
    }));
  });
}

function multiplyAdds({ n, outH, outW, cout, kh, kw, cin }: ConvGeometry): number {
  return n * outH * outW * cout * kh * kw * cin;
}

for (const { name, transposed, lower, reference } of KINDS) {
  for (const profile of PROFILES) {
    Deno.test(`${name}, ${profile}: every variant agrees with float64, with weights in either layout`, async (t) => {
      using device = await Device.open();
      const target = { ...device.target, profile };
      const run = async ({ variant, geometry, bias }: VariantCase, weights: Float32Array, isSwapped: boolean) => {
        const { x, bias: biases } = convData(geometry);
        const options = { ...geometry, bias, ...(isSwapped ? { swapped: true } : {}) };
        const { outputs } = await runLowering(device, lower(options, forcing(target, variant)), {
          inputs: bias ? [x, weights, biases] : [x, weights],
          outputs: [geometry.n * geometry.outH * geometry.outW * geometry.cout],
        });
        return outputs[0]!;
      };
      for (const test of variantCases(transposed, target)) {
        const { variant, geometry, bias, swaps } = test;
        await t.step(`${variant} ${describe(geometry)}`, async () => {
          const { x, w, bias: biases } = convData(geometry);
          const want = reference(geometry, bias ? { x, w, bias: biases } : { x, w });
          const plain = await run(test, w, false);
          assertClose(plain, want, { label: "plain" });
          if (!swaps) return;
          // Gradients read the weights in the other layout; Winograd's products then sum in another order.
          const turned = await run(test, swapped(w, geometry), true);
          if (variant === "winograd") assertClose(turned, want, { label: "swapped" });
          else assert.deepEqual(turned, plain, "swapped weights do not give the same bits");
        });
      }
    });
  }

  Deno.test(`${name} covers more workgroups than one dimension of a grid holds`, async () => {
    using device = await Device.open();
    const geometry = geometryOf({ n: 1, image: [2100, 2100], kernel: [1, 1], channels: [1, 1] }, transposed)!;
    const lowering = lower(geometry, forcing({ ...device.target, profile: "software" }, "software-8x1"));
    assert.ok(lowering.dispatches[0]!.grid[1] > 1);
    const { x, w } = convData(geometry);
    const { outputs } = await runLowering(device, lowering, { inputs: [x, w], outputs: [x.length] });
    assertClose(outputs[0]!, reference(geometry, { x, w }), { label: describe(geometry) });
  });

  Deno.test(`${name}, gpu: a long sum is shared out and added up in order, bit-equal each time`, async () => {
    using device = await Device.open();
    const geometry = geometryOf({ n: 2, image: [2, 2], kernel: [2, 2], channels: [1028, 12] }, transposed)!;
    const { x, w, bias } = convData(geometry);
    const lowering = lower({ ...geometry, bias: true }, { ...device.target, profile: "gpu" });
    assert.deepEqual(lowering.dispatches.map(({ kernel }) => kernel.split("/")[0]), [
      transposed ? "conv_transposed" : "conv_forward",
      "conv_fold",
    ]);
    const want = reference(geometry, { x, w, bias });
    const run = async () =>
      (await runLowering(device, lowering, { inputs: [x, w, bias], outputs: [want.length] })).outputs[0]!;
    const [first, second] = [await run(), await run()];
    assertClose(first, want, { label: describe(geometry) });
    assert.deepEqual(first, second);
  });

  Deno.test(`${name} processes images in several batches where patches would not fit into one buffer`, async () => {
    using device = await Device.open();
    const options = {
      n: 7,
      image: [64, 64],
      kernel: [4, 4],
      channels: [16, 4],
      stride: [2, 2],
      padding: [1, 1],
    } as const;
    const geometry = geometryOf(options, transposed)!;
    const scratch = (lowering: { scratch?: readonly number[] }) =>
      Math.max(...lowering.scratch!.map((each) => each * 4));
    const target = { ...device.target, maxBindingBytes: 2 * 2 ** 20 };
    const lowering = lower(geometry, forcing(target, "winograd"));
    assert.ok(scratch(lowering) <= target.maxBindingBytes);
    assert.ok(scratch(lower(geometry, forcing(device.target, "winograd"))) > target.maxBindingBytes);
    const { x, w } = convData(geometry);
    const want = reference(geometry, { x, w });
    const { outputs } = await runLowering(device, lowering, { inputs: [x, w], outputs: [want.length] });
    assertClose(outputs[0]!, want, { label: describe(geometry) });
  });

  Deno.test(`${name} passes NaN and infinity on, in the direct form to the pixels that see them only`, async () => {
    using device = await Device.open();
    const geometry = geometryOf(
      { n: 2, image: [6, 6], kernel: [3, 3], channels: [4, 4], padding: [1, 1] },
      transposed,
    )!;
    const { x, w } = convData(geometry);
    x[0] = NaN;
    x[35 * 4] = Infinity;
    const want = reference(geometry, { x, w });
    for (const profile of PROFILES) {
      const lowering = lower(geometry, { ...device.target, profile });
      const { outputs } = await runLowering(device, lowering, { inputs: [x, w], outputs: [want.length] });
      assert.deepEqual(Array.from(outputs[0]!, Number.isFinite), Array.from(want, Number.isFinite));
    }
    assert.ok(want.some(Number.isFinite) && !want.every(Number.isFinite));
  });

  Deno.test(`${name} rejects a sum that is too long for one invocation`, async () => {
    using device = await Device.open();
    const geometry = geometryOf({ image: [1, 1], kernel: [1, 1], channels: [70_001, 1] }, transposed)!;
    const target = { ...device.target, profile: "software" } as const;
    assert.throws(() => lower(geometry, target), /cannot sum over 1 x 1 x 70001 products/);
  });

  Deno.test(`${name} rejects a variant that does not exist, naming those that do`, async () => {
    using device = await Device.open();
    const geometry = geometryOf({ image: [4, 4], kernel: [3, 3], channels: [4, 4] }, transposed)!;
    assert.throws(() => lower(geometry, forcing(device.target, "winograd")), /no variant winograd .* choose one of \w/);
  });
}

Deno.test("convForward(), gpu: few outputs cover more workgroups than one dimension of a grid holds", async () => {
  using device = await Device.open();
  const geometry = geometryOf({ n: 1, image: [1460, 1450], kernel: [1, 1], channels: [4, 1] }, false)!;
  const lowering = convForward(geometry, { ...device.target, profile: "gpu" });
  assert.match(lowering.dispatches[0]!.kernel, /gpu-few/);
  assert.ok(lowering.dispatches[0]!.grid[1] > 1);
  const { x, w } = convData(geometry);
  const want = conv2d(geometry, { x, w });
  const { outputs } = await runLowering(device, lowering, { inputs: [x, w], outputs: [want.length] });
  assertClose(outputs[0]!, want, { label: describe(geometry) });
});
