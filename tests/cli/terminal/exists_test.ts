import assert from "node:assert/strict";
import { join } from "node:path";
import { exists } from "../../../cli/terminal/exists.ts";

Deno.test("exists() finds files and folders, and nothing where a path is missing or leads below a file", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const file = join(folder, "notes.txt");
    await Deno.writeTextFile(file, "");
    const found = [folder, file, join(folder, "missing"), join(file, "results.json")].map(exists);
    assert.deepEqual(await Promise.all(found), [true, true, false, false]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
