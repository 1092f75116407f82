import assert from "node:assert/strict";
import { Vocabulary } from "../../data/mod.ts";
import { shareVocabulary } from "../../training/ranks.ts";

Deno.test("shareVocabulary() gives every rank that of rank 0", async () => {
  const words = Vocabulary.build(["no acute process", "no effusion"], { minCount: 1 });
  let sent = new Uint8Array(0);
  const first = await shareVocabulary({ broadcast: (bytes) => Promise.resolve(sent = bytes!) }, words);
  const second = await shareVocabulary({ broadcast: () => Promise.resolve(sent) });
  assert.equal(first, words);
  assert.deepEqual(second.toJSON(), words.toJSON());
});
