import assert from "node:assert/strict";
import { join } from "node:path";
import { readState } from "../../../training/run/import_state.ts";
import { declareParameters, fileShape, type HostTensor, Vae } from "../../../models/mod.ts";
import { encodeSafetensors } from "../../../runtime/mod.ts";
import { readImageModels } from "../../../eval/verify/golden_models.ts";
import { ROOT } from "../../process.ts";

/** A state_dict of a network, with different values everywhere. */
function stateOf(sizes: { network: string; imageSize: number; filterDim: number; latentDim: number }) {
  const config = { ...sizes, method: "mmvm", views: ["a", "b"], dropout: 0 };
  const vae = new Vae({ ...config, likelihood: { name: "laplace", scale: 1 } });
  return new Map(
    declareParameters((scope) => vae.declare(scope)).map((spec): [string, HostTensor] => {
      const shape = fileShape(spec);
      const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i / 8);
      return [spec.name, { shape, data }];
    }),
  );
}

async function withFile(tensors: Map<string, HostTensor>, work: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "state.safetensors");
    await Deno.writeFile(path, encodeSafetensors(tensors));
    await work(path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("readState() finds network, sizes and views from the tensors' shapes", async () => {
  for (
    const sizes of [
      { network: "residual", imageSize: 64, filterDim: 2, latentDim: 3 },
      { network: "residual", imageSize: 128, filterDim: 1, latentDim: 1 },
      { network: "residual", imageSize: 224, filterDim: 3, latentDim: 2 },
      { network: "small", imageSize: 28, filterDim: 2, latentDim: 4 },
      { network: "small", imageSize: 4, filterDim: 1, latentDim: 1 },
    ]
  ) {
    const tensors = stateOf(sizes);
    const counter = { shape: [], data: Float32Array.of(7) };
    await withFile(new Map([...tensors, ["encoders.0.bn.num_batches_tracked", counter]]), async (path) => {
      const read = await readState(path);
      assert.deepEqual(read.sizes, sizes);
      assert.equal(read.views, 2);
      assert.deepEqual(new Map(read.tensors), tensors);
    });
  }
});

Deno.test("readState() reads the authors' state_dicts", async () => {
  for (const { parameters, config } of await readImageModels(join(ROOT, "tests/golden"))) {
    await withFile(new Map(parameters), async (path) => {
      const { sizes, views } = await readState(path);
      const { network, imageSize, filterDim, latentDim } = config;
      assert.deepEqual(sizes, { network, imageSize, filterDim, latentDim });
      assert.equal(views, config.views.length);
    });
  }
});

Deno.test("readState() names each tensor that is missing, unknown, of another shape or not finite", async () => {
  const tensors = stateOf({ network: "residual", imageSize: 64, filterDim: 2, latentDim: 3 });
  tensors.delete("encoders.1.feature_compressor.content_mu.weight");
  tensors.set("encoders.1.feature_extractor.conv1.weight", { shape: [1], data: Float32Array.of(1) });
  tensors.set("extra", { shape: [1], data: Float32Array.of(1) });
  tensors.get("decoders.0.feature_generator.bias")!.data[0] = NaN;
  await withFile(tensors, (path) =>
    assert.rejects(readState(path), (error: Error) => {
      assert.equal(error.name, "DataError");
      assert.match(error.message, /encoders\.1\.feature_compressor\.content_mu\.weight is missing/);
      assert.match(
        error.message,
        /encoders\.1\.feature_extractor\.conv1\.weight has shape \[1\], but \[2, 1, 3, 3\] is/,
      );
      assert.match(error.message, /decoders\.0\.feature_generator\.bias has a value that is not finite/);
      assert.match(error.message, /; extra is unknown/);
      return true;
    }));
});

Deno.test("readState() refuses other files and models by name", async () => {
  const one = { shape: [1], data: Float32Array.of(1) };
  const [mu, first] = ["encoders.0.feature_compressor.content_mu.weight", "encoders.0.feature_extractor"];
  const refusals: [Record<string, HostTensor>, RegExp][] = [
    [{ a: one }, /lacks encoders\.0\.feature_compressor\.content_mu\.weight, by which the network is known/],
    [{ [mu]: one }, /lacks encoders\.0\.feature_extractor\.conv1\.weight/],
    [{ [mu]: one, [`${first}.conv1.weight`]: one }, /has 0 layers in img_generator\.generator, but 5, 6 or 7/],
    [{ [mu]: one, [`${first}.5.weight`]: one, [`${first}.0.weight`]: one }, /no size that a network has/],
    [{ "decoders.0.text_generator.a": one }, /has a text view/],
  ];
  for (const [tensors, message] of refusals) {
    await withFile(
      new Map(Object.entries(tensors)),
      (path) => assert.rejects(readState(path), { name: "DataError", message }),
    );
  }
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, "not safetensors");
    await assert.rejects(readState(path), { name: "DataError", message: /is not a state_dict in the safetensors/ });
  } finally {
    await Deno.remove(path);
  }
});
