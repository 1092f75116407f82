import assert from "node:assert/strict";
import { networkOf } from "../../models/mod.ts";
import { Scope } from "../../models/layers/scope.ts";
import { compile, Device, input } from "../../runtime/mod.ts";
import { assertClose, normalData } from "../reference/compare.ts";

const PIXELS = 64;

/** The features of an encoder in evaluation mode, with its parameters as inputs, and its number of dispatches. */
async function encode(device: Device, options: { checkNumerics: boolean }) {
  const network = networkOf("residual", { imageSize: PIXELS, filterDim: 4, latentDim: 8, dropout: 0.5 });
  const scope = Scope.declaring();
  using program = await compile(device, () => ({
    outputs: { features: network.extract(scope, input("image", { shape: [2, PIXELS, PIXELS, 1] })) },
  }), options);
  const parameters = scope.specs.map(({ name, shape, initializer }, i) => {
    const data = normalData(shape.reduce((a, b) => a * b, 1), { seed: i + 2 });
    const [scale, offset] = initializer.kind === "uniform" ? [initializer.fanIn ** -0.5, 0] : [0.1, 1];
    return [name, data.map((value) => value * scale + offset)] as const;
  });
  program.run({ image: normalData(2 * PIXELS * PIXELS, { seed: 1 }), ...Object.fromEntries(parameters) });
  const [features] = await program.read("features");
  return { features: features!, dispatches: program.dispatchCount, specs: scope.specs };
}

Deno.test("an encoder in evaluation mode is one dispatch per convolution, with everything else fused", async () => {
  using device = await Device.open();
  const { features, dispatches, specs } = await encode(device, { checkNumerics: false });
  const convolutions = specs.filter(({ layout }) => layout === "conv").length;
  assert.equal(convolutions, 13);
  // The first layer's result is also the input of a shortcut, so its normalisation is not fused.
  assert.equal(dispatches, convolutions + 1);
  const separate = await encode(device, { checkNumerics: true });
  assertClose(features, separate.features, { label: "features", tolerance: 1e-6 });
});
