import assert from "node:assert/strict";
import { join } from "node:path";
import { exportPytorch } from "../../../eval/mod.ts";
import { pytorchSource } from "../../../eval/runs/pytorch_source.ts";
import { type HostTensor, VaeInference } from "../../../models/mod.ts";
import { decodeSafetensors, Device, encodeSafetensors, toFloat32 } from "../../../runtime/mod.ts";
import { runPaths } from "../../../training/mod.ts";
import { saveRun } from "../../../training/run/run_checkpoint.ts";
import { runProcess } from "../../process.ts";
import { relativeError } from "../../reference/compare.ts";
import { smallRunConfig } from "../../training/small_run.ts";

/** A folder with a checkpoint of a run. */
async function withCheckpoint(
  run: { tensors: Map<string, HostTensor>; config?: ReturnType<typeof smallRunConfig> },
  work: (directory: string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  const { tensors, config = smallRunConfig("mmvm") } = run;
  try {
    const at = { step: 1, epoch: 1, seconds: 1, skipped: [], keep: 1 };
    await saveRun({ read: () => Promise.resolve(tensors) }, { paths: runPaths(directory), config, ...at });
    await work(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("exportPytorch() writes the model's tensors without those of the optimizer", async () => {
  const weight = { shape: [2, 1], data: Float32Array.of(1.5, -2) };
  const tensors = new Map([["encoders.0.a.weight", weight], ["encoders.1.a.weight", weight], [
    "optimizer.m.a",
    weight,
  ]]);
  await withCheckpoint({ tensors }, async (directory) => {
    const config = smallRunConfig("mmvm");
    const [weights, source] = await exportPytorch({ config, directory, views: ["frontal", "lateral"] });
    const file = decodeSafetensors(weights!.content as Uint8Array);
    assert.deepEqual([...file.tensors.keys()].sort(), ["encoders.0.a.weight", "encoders.1.a.weight"]);
    assert.deepEqual(toFloat32(file.tensors.get("encoders.0.a.weight")!), weight.data);
    assert.match(source!.content as string, /^VIEWS = \["frontal","lateral"\]/m);
    assert.match(source!.content as string, /^SIZE, F, D, DROPOUT = 28, 2, 3, 0$/m);
  });
});

Deno.test("exportPytorch() refuses classifiers, other networks, texts and missing checkpoints by name", async () => {
  const weight = { shape: [1], data: Float32Array.of(1) };
  await withCheckpoint({ tensors: new Map([["decoders.0.text_generator.a", weight]]) }, async (directory) => {
    const refused = (config: ReturnType<typeof smallRunConfig>, message: RegExp, at = directory) =>
      assert.rejects(exportPytorch({ config, directory: at }), { name: "DataError", message });
    await refused(smallRunConfig("supervised"), /is a run of supervised, a classifier/);
    await refused(smallRunConfig("mmvm", { model: { network: "mine" } }), /network mine, and only residual and small/);
    await refused(smallRunConfig("mmvm"), /has a text view/);
    await refused(smallRunConfig("mmvm"), /has no checkpoint/, join(directory, "other"));
  });
});

/** Encodes the images in `x`, and decodes the latents. */
const PROGRAM = `
import json, sys, torch
sys.path.insert(0, sys.argv[1])
import model
x = torch.tensor(json.load(open(sys.argv[1] + "/x.json"))).reshape(2, 1, model.SIZE, model.SIZE)
vae = model.load()
with torch.no_grad():
    mu, logvar = vae.encoders[1](x)
    print(json.dumps([t.flatten().tolist() for t in (mu, logvar, vae.decoders[0](mu))]))
`;

// Takes PyTorch: MMVM_PYTORCH names a Python interpreter that has it.
const python = Deno.env.get("MMVM_PYTORCH");
const NETWORKS = [["residual", 64], ["residual", 128], ["residual", 224], ["small", 28]] as const;
for (const [network, imageSize] of python ? NETWORKS : []) {
  Deno.test(`PyTorch computes the same from an export of the ${network} network at ${imageSize} px`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      using device = await Device.open();
      const views = ["a", "b"];
      const sizes = { network, imageSize, filterDim: 3, latentDim: 5, dropout: 0.5 };
      using model = VaeInference.open(device, {
        config: { method: "mmvm", views, likelihood: { name: "laplace", scale: 0.75 }, ...sizes },
        batchSize: 2,
        seed: 7,
      });
      // Statistics away from their initial values.
      const state = await model.parameters.read();
      for (const [name, { data }] of state) {
        if (name.includes("running")) data.forEach((_, i) => data[i] = 0.5 + (i % 5) / 4);
      }
      model.write(state);
      const size = imageSize ** 2;
      const pixels = Uint8Array.from({ length: 2 * 2 * size }, (_, i) => i * 37 % 251);
      const { mu, logvar } = await model.encode(pixels);
      const decoded = (await model.decode(pixels))[1]![0]!;
      await Deno.writeTextFile(
        join(folder, "x.json"),
        JSON.stringify(Array.from(pixels.subarray(2 * size), (byte) => byte / 255)),
      );
      await Deno.writeFile(join(folder, "model.safetensors"), encodeSafetensors(state));
      await Deno.writeTextFile(
        join(folder, "model.py"),
        pytorchSource({ ...sizes, views }, { weights: "model.safetensors" }),
      );
      const { code, stdout, stderr } = await runProcess([python!, "-c", PROGRAM, folder]);
      assert.equal(code, 0, stderr);
      const got = JSON.parse(stdout) as number[][];
      [mu[1]!, logvar[1]!, decoded].forEach((want, i) => {
        const error = relativeError(got[i]!, want);
        assert.ok(error < 2e-5, `output ${i}: ${error}`);
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}
