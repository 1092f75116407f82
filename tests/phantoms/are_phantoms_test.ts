import assert from "node:assert/strict";
import { join } from "node:path";
import { openDataset } from "../../data/mod.ts";
import { arePhantoms, PHANTOM_LAYOUTS, writePhantoms } from "../../phantoms/mod.ts";
import { inTempDir, SMALL_JPEG } from "../data/fixture.ts";

for (const layout of PHANTOM_LAYOUTS) {
  Deno.test(`arePhantoms() knows phantoms in the layout of ${layout} from pictures put in their place`, () =>
    inTempDir(async (directory) => {
      const root = join(directory, "phantoms");
      await writePhantoms(root, { studies: 12, seed: 3, scale: 0.02, layout, workers: 1 });
      const { source } = await openDataset({ root });
      const names = [0, 1, 5].map(source.name);
      assert.equal(await arePhantoms(root, names), true);
      assert.equal(await arePhantoms(root, [...names, "files/other.jpg"]), false);
      await Deno.writeFile(join(root, names[1]!), SMALL_JPEG);
      assert.equal(await arePhantoms(root, names), false);
      assert.equal(await arePhantoms(root, [names[0]!, names[2]!]), true);
      const record = join(root, "phantoms.json");
      const text = await Deno.readTextFile(record);
      for (const forged of [text.replace('"seed": 3', '"seed": 4'), text.replace("0.02", "1e9"), "{}"]) {
        await Deno.writeTextFile(record, forged);
        assert.equal(await arePhantoms(root, [names[0]!]), false);
      }
    }));
}
