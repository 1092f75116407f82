/**
 * Tests of the unigram model.
 *
 * @module
 */
import assert from "node:assert/strict";
import { unigramNats } from "../../bench/unigram.ts";

Deno.test("unigramNats() uses smoothed frequencies of the tokens before the padding", () => {
  const train = { tokens: Uint16Array.of(3, 1, 0, 3, 3, 1), lengths: Uint16Array.of(2, 3) };
  // Counts with one added: pad 1, eos 3, unk 1, word 4; 9 in all.
  const test = { tokens: Uint16Array.of(3, 2, 1, 1, 0, 0), lengths: Uint16Array.of(3, 1) };
  const expected = -(Math.log(4 / 9) + Math.log(1 / 9) + 2 * Math.log(3 / 9)) / 4;
  assert.ok(Math.abs(unigramNats(train, test, 4) - expected) < 1e-12);
  assert.ok(Number.isNaN(unigramNats(train, { tokens: new Uint16Array(), lengths: new Uint16Array() }, 4)));
});
