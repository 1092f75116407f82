import assert from "node:assert/strict";
import { METHOD_NAMES, methodOf } from "../../models/mod.ts";

const ROOT = new URL("../../", import.meta.url);

Deno.test("the MMVM VAE in ARCHITECTURE.md equals the source", async () => {
  const text = await Deno.readTextFile(new URL("ARCHITECTURE.md", ROOT));
  const source = await Deno.readTextFile(new URL("models/methods/mmvm.ts", ROOT));
  const shown = [...text.matchAll(/```ts\n(export const \w+: Method[^]*?)```/g)].map(([, code]) => code!.trim());
  assert.equal(shown.length, 1);
  assert.ok(source.includes(shown[0]!), "the example and models/methods/mmvm.ts differ");
});

Deno.test("methodOf() finds methods by name, and lists the known ones for an unknown name", () => {
  for (const name of METHOD_NAMES) assert.equal(methodOf(name).name, name);
  assert.throws(
    () => methodOf("vae"),
    /there is no method vae; there are mmvm, independent, poe, moe, mopoe, avg, helvae, .*, frontal, lateral/,
  );
});
