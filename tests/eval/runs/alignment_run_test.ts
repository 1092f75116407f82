import assert from "node:assert/strict";
import { join } from "node:path";
import { encodeRun, evaluateRun, openEncoders, openModel } from "../../../eval/mod.ts";
import { type RunConfig, runPaths, trainRun } from "../../../training/mod.ts";
import { Device } from "../../../runtime/mod.ts";
import { smallRunConfig, smallRunData } from "../../training/small_run.ts";

Deno.test("runs that align embeddings, and classifiers, are resumed and encoded by their features", async () => {
  const folder = await Deno.makeTempDir();
  const data = await smallRunData(join(folder, "cache"));
  try {
    using device = await Device.open();
    const open = (config: RunConfig) => ({ config, directory: join(folder, config.name), data });
    for (const method of ["clip", "supervised"]) {
      const config = smallRunConfig(method);
      config.model.projector = [8];
      const run = open(config);
      // Stopped after two steps and resumed.
      const resumed = { ...config, name: `${method}-resumed` };
      const stop = new AbortController();
      await trainRun({ ...run, device });
      const steps = await trainRun({
        ...open(resumed),
        device,
        checkpointSteps: 1,
        signal: stop.signal,
        onProgress: ({ done }) => done >= 2 && stop.abort(),
      });
      assert.ok(steps.stopped || steps.steps > 0);
      await trainRun({ ...open(resumed), device, resume: true });
      const losses = async ({ directory }: { directory: string }) =>
        (await Deno.readTextFile(runPaths(directory).metrics)).trim().split("\n").flatMap((line) =>
          // Steps, not validations.
          JSON.parse(line).kind === undefined ? [JSON.parse(line).loss] : []
        );
      assert.deepEqual(await losses(open(resumed)), await losses(run));

      using encoders = await openEncoders(device, run);
      const { tensors, pairs } = await encodeRun({ open: encoders, data });
      assert.deepEqual([...tensors.keys()], ["mu.rotated", "mu.noisy"]);
      assert.deepEqual(tensors.get("mu.rotated")!.shape, [pairs.count, 128]);
      await assert.rejects(openModel(device, run), /it has no decoder/);
      if (method === "supervised") continue;
      const options = { bootstrap: { resamples: 20 }, commands: [], versions: {}, untrained: true };
      const { evaluations, runs, title } = await evaluateRun({ ...run, device, ...options });
      assert.match(title, /^clip-small: CLIP/);
      assert.deepEqual(
        evaluations.map(({ run, view, latents }) => [run, view, latents]),
        ["clip-small", "clip-small-untrained"].flatMap((name) =>
          ["rotated", "noisy"].map((view) => [name, view, "unimodal"])
        ),
      );
      assert.notEqual(evaluations[0]!.macro.auroc.value, evaluations[2]!.macro.auroc.value);
      assert.equal(runs[0]!.training.loss.length, (await losses(run)).length);
      assert.match(await Deno.readTextFile(runPaths(run.directory).card), /Encoders with aligned embeddings/);
    }
  } finally {
    data.pixels.close();
    await Deno.remove(folder, { recursive: true });
  }
});
