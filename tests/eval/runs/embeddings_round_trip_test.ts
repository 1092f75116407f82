import assert from "node:assert/strict";
import { join } from "node:path";
import {
  encodeRun,
  evaluateEmbeddings,
  evaluateRun,
  idsFile,
  latentsFile,
  openModel,
  readEmbeddings,
} from "../../../eval/mod.ts";
import { trainRun } from "../../../training/mod.ts";
import { Device } from "../../../runtime/mod.ts";
import { smallRunConfig, smallRunData } from "../../training/small_run.ts";

Deno.test("embeddings written by encodeRun() are scored exactly as the run itself", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const data = await smallRunData(join(folder, "cache"));
    try {
      using device = await Device.open();
      const config = smallRunConfig("mmvm");
      const directory = join(folder, config.name);
      await trainRun({ data, device, config, directory });
      const options = { bootstrap: { resamples: 50 }, labelledFractions: [0.5, 1], commands: [], versions: {} };
      const own = await evaluateRun({ config, directory, data, device, ...options });
      using open = await openModel(device, { config, directory, data });
      const latents = await encodeRun({ open, data });
      const path = join(folder, "latents.safetensors");
      await Deno.writeFile(path, latentsFile(latents, { run: config.name, method: config.model.method }));
      await Deno.writeTextFile(join(folder, "ids.csv"), idsFile(data.index, { views: open.views }));
      const embeddings = await readEmbeddings(path, data);
      const fed = await evaluateEmbeddings({ ...data, ...options, name: "fed", embeddings, config: {} });
      const named = { run: "fed", method: "fed", seed: 0 };
      assert.deepEqual(fed.evaluations, own.evaluations.map((evaluation) => ({ ...evaluation, ...named })));
      assert.equal(fed.evaluations.length, 4);
      assert.deepEqual(fed.cases, own.cases);
      assert.deepEqual(fed.projections, own.projections.map((projection) => ({ ...projection, run: "fed" })));
      assert.deepEqual(fed.data, { ...own.data, imageSize: 0 });
    } finally {
      data.pixels.close();
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
