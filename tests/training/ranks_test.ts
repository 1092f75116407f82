import assert from "node:assert/strict";
import { Vocabulary } from "../../data/mod.ts";
import { requireRanks, shareVocabulary } from "../../training/ranks.ts";
import { smallRunConfig } from "./small_run.ts";

Deno.test("shareVocabulary() gives every rank that of rank 0", async () => {
  const words = Vocabulary.build(["no acute process", "no effusion"], { minCount: 1 });
  let sent = new Uint8Array(0);
  const first = await shareVocabulary({ broadcast: (bytes) => Promise.resolve(sent = bytes!) }, words);
  const second = await shareVocabulary({ broadcast: () => Promise.resolve(sent) });
  assert.equal(first, words);
  assert.deepEqual(second.toJSON(), words.toJSON());
});

Deno.test("requireRanks() refuses methods that compare all studies of a batch, by name", () => {
  for (const method of ["barlow-twins", "vicreg", "clip"]) {
    requireRanks(smallRunConfig(method), { size: 1 });
    assert.throws(
      () => requireRanks(smallRunConfig(method, { training: { ranks: 2 } }), { size: 2 }),
      new RegExp(`method ${method} compares all studies of a batch, .* train it by one process`),
    );
  }
  requireRanks(smallRunConfig("aligned-ae", { training: { ranks: 2 } }), { size: 2 });
});
