import assert from "node:assert/strict";
import { join } from "node:path";
import { declareParameters, fileShape, Vae } from "../../models/mod.ts";
import { decodeSafetensors, encodeSafetensors, toFloat32 } from "../../runtime/mod.ts";
import { latestCheckpoint } from "../../runtime/files/checkpoint.ts";
import { runProcess, taskCommand } from "../process.ts";
import { torchvisionTensors } from "../training/torchvision_tensors.ts";

Deno.test("deno task import makes a run of a state_dict, export writes it again, and an old run stays", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const sizes = { network: "small", imageSize: 28, filterDim: 2, latentDim: 4 };
    const vae = new Vae({
      ...sizes,
      method: "mmvae-plus",
      privateDim: 1,
      views: ["rotated", "noisy"],
      dropout: 0,
      likelihood: { name: "laplace", scale: 1 },
    });
    const tensors = declareParameters((scope) => vae.declare(scope)).map((spec) => {
      const shape = fileShape(spec);
      return [spec.name, { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.5) }] as const;
    });
    await Deno.writeFile(join(folder, "state.safetensors"), encodeSafetensors(new Map(tensors)));
    const given = ["state.safetensors", "--run", "theirs", "--dataset", "mnist-pairs"];
    const refused = await runProcess([...taskCommand("import"), ...given], { cwd: folder });
    assert.match(refused.stderr, /has private_priors\.N, which --method mmvm has not: give --method mmvae-plus/);
    const args = [...given, "--method", "mmvae-plus"];
    const made = await runProcess([...taskCommand("import"), ...args], { cwd: folder });
    assert.equal(made.code, 0, made.stderr);
    assert.match(made.stdout, /2 views, small network at 28 pixels, 2 filters, 4 latent dimensions\n/);
    const config = JSON.parse(await Deno.readTextFile(join(folder, "runs/theirs/config.json")));
    assert.deepEqual([config.model.latentDim, config.model.privateDim], [4, 1]);
    const checkpoints = [...Deno.readDirSync(join(folder, "runs/theirs/checkpoints"))];
    assert.equal(checkpoints.length, 1);
    const exported = await runProcess([...taskCommand("export"), "theirs", "--format", "pytorch"], { cwd: folder });
    assert.equal(exported.code, 0, exported.stderr);
    const written = decodeSafetensors(await Deno.readFile(join(folder, "runs/theirs/export/model.safetensors")));
    const values = [...written.tensors].map(([name, raw]) =>
      [name, { shape: raw.shape, data: toFloat32(raw) }] as const
    );
    assert.deepEqual(new Map(values), new Map(tensors));
    const source = await Deno.readTextFile(join(folder, "runs/theirs/export/model.py"));
    assert.match(source, /The last 1 of the 4 latent dimensions are private to their view/);
    assert.match(
      source,
      /self\.private_priors = nn\.ParameterList\(nn\.Parameter\(torch\.zeros\(1\)\) for _ in VIEWS\)/,
    );
    const again = await runProcess([...taskCommand("import"), ...args], { cwd: folder });
    assert.deepEqual([again.code, again.stdout], [1, ""]);
    assert.match(again.stderr, /theirs is there already: choose another --run NAME/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("deno task import makes a run of torchvision's DenseNet, whose heads finetune trains", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeFile(join(folder, "densenet.safetensors"), encodeSafetensors(torchvisionTensors("densenet121")));
    const args = ["densenet.safetensors", "--run", "imagenet", "--dataset", "mnist-pairs", "--image-size", "32"];
    const made = await runProcess([...taskCommand("import"), ...args], { cwd: folder });
    assert.equal(made.code, 0, made.stderr);
    assert.match(made.stdout, /torchvision's densenet121 as the encoder of rotated and noisy at 32 pixels\n/);
    const { model } = JSON.parse(await Deno.readTextFile(join(folder, "runs/imagenet/config.json")));
    assert.deepEqual([model.method, model.network, model.imageSize], ["supervised", "densenet121", 32]);
    const { found } = await latestCheckpoint(join(folder, "runs/imagenet/checkpoints"));
    assert.deepEqual([...found!.tensors.get("encoders.1.features.conv0.weight")!.shape], [64, 1, 7, 7]);
    assert.deepEqual([...found!.tensors.get("classifiers.0.weight")!.shape], [10, 1024]);
    const small = await runProcess([...taskCommand("import"), ...args.with(2, "small").with(6, "28")], { cwd: folder });
    assert.equal(small.code, 2, small.stderr);
    assert.match(small.stderr, /takes 29 pixels or more, not 28/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
