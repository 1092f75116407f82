/**
 * Tests of words, tokens and vocabularies.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { DataError } from "../../../base/errors.ts";
import { joinWords, tokenize } from "../../../data/text/tokenize.ts";
import { EOS, PAD, UNKNOWN, Vocabulary } from "../../../data/text/vocabulary.ts";

/** Text like that of reports, with odd characters in between. */
const reportText = fc.array(
  fc.oneof(
    fc.constantFrom(
      "No",
      "effusion",
      "1.5",
      "cm",
      "XXXX",
      "___",
      "(",
      ")",
      ".",
      ",",
      "-",
      "/",
      "T8",
      "patient's",
      "<unk>",
    ),
    fc.string({ unit: "binary", maxLength: 6 }),
    fc.constantFrom(" ", "\n", "\t", ""),
  ),
).map((parts) => parts.join(""));

Deno.test("tokenize() lowers words and keeps numbers, punctuation and masks", () => {
  const cases: [string, string][] = [
    ["Heart size is 1.5 cm; compared to ___.", "heart size is 1.5 cm ; compared to ___ ."],
    ["Normal chest x-XXXX.", "normal chest x - XXXX ."],
    ["XXXXXXXX and _____ and xxxx", "XXXX and ___ and XXXX"],
    ["T8-T9, 10,000 units, 2cm", "t8 - t9 , 10,000 units , 2 cm"],
    ["The patient\u2019s \u201cright\u201d lung \u2013 clear", `the patient's " right " lung - clear`],
    ["Neumoni\u0301a", "neumon\u00eda"],
    ["a\u0000b \ud800", "a b \ufffd"],
    ["exxxxtra", "exxxxtra"],
    ["", ""],
  ];
  for (const [text, words] of cases) assert.equal(tokenize(text).join(" "), words);
});

Deno.test("joinWords() is undone by tokenize()", () => {
  fc.assert(
    fc.property(reportText, (text) => {
      const words = tokenize(text);
      assert.deepEqual(tokenize(joinWords(words)), words);
    }),
    { numRuns: 400 },
  );
});

Deno.test("joinWords() writes punctuation as usual", () => {
  assert.equal(
    joinWords(tokenize("A follow-up (PA and LL) shows 1.5 cm, or 20 %.")),
    "a follow-up (pa and ll) shows 1.5 cm, or 20%.",
  );
});

Deno.test("Vocabulary.build() keeps words seen more than three times, the most frequent first", () => {
  const texts = ["b a a a a", "b b b c c c", "Zebra zebra ZEBRA zebra zebra"];
  const vocabulary = Vocabulary.build(texts);
  assert.deepEqual(vocabulary.toJSON().words, ["zebra", "a", "b"]);
  assert.equal(vocabulary.size, 6);
  assert.deepEqual(Vocabulary.build(texts, { minCount: 3 }).toJSON().words, ["zebra", "a", "b", "c"]);
  assert.equal(Vocabulary.build([]).size, 3);
  assert.throws(() => Vocabulary.build(texts, { minCount: 0 }), RangeError);
});

Deno.test("encode() pads, ends with <eos>, also when truncated, and counts unknown words", () => {
  const vocabulary = Vocabulary.build(["no pleural effusion ."], { minCount: 1 });
  const [dot, effusion, no, pleural] = [3, 4, 5, 6];
  assert.deepEqual(vocabulary.encode("No pleural effusion.", 6), {
    tokens: Uint16Array.of(no!, pleural!, effusion!, dot!, EOS, PAD),
    length: 5,
    unknown: 0,
    words: 4,
  });
  assert.deepEqual(vocabulary.encode("No large pleural effusion.", 3), {
    tokens: Uint16Array.of(no!, UNKNOWN, EOS),
    length: 3,
    unknown: 1,
    words: 5,
  });
  assert.deepEqual(vocabulary.encode("", 2).tokens, Uint16Array.of(EOS, PAD));
  assert.deepEqual(vocabulary.encode("no", 1).tokens, Uint16Array.of(EOS));
  for (const length of [0, 1.5, -1, NaN]) assert.throws(() => vocabulary.encode("no", length), RangeError);
});

Deno.test("decode() and encode() are inverse up to unknown words and truncation", () => {
  fc.assert(
    fc.property(
      fc.array(reportText, { maxLength: 4 }),
      reportText,
      fc.integer({ min: 1, max: 40 }),
      (learnt, text, length) => {
        const vocabulary = Vocabulary.build([...learnt, text.slice(0, 20)], { minCount: 1 });
        const encoded = vocabulary.encode(text, length);
        assert.equal(encoded.tokens[encoded.length - 1], EOS);
        assert.ok(encoded.tokens.subarray(encoded.length).every((token) => token === PAD));
        assert.deepEqual(vocabulary.encode(vocabulary.decode(encoded.tokens), length).tokens, encoded.tokens);
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("decode() refuses foreign tokens", () => {
  assert.throws(() => Vocabulary.build(["a"], { minCount: 1 }).decode([4]), RangeError);
});

Deno.test("Vocabulary.parse() restores a vocabulary", () => {
  fc.assert(
    fc.property(fc.array(reportText), (texts) => {
      const vocabulary = Vocabulary.build(texts, { minCount: 1 });
      const file = JSON.parse(JSON.stringify(vocabulary));
      assert.deepEqual(Vocabulary.parse(file, { file: "v.json" }).toJSON(), vocabulary.toJSON());
    }),
    { numRuns: 100 },
  );
});

Deno.test("Vocabulary.parse() refuses anything else, with the file", () => {
  const valid = { format: "mmvm vocabulary", version: 1, minCount: 4, words: ["no", "effusion"] };
  const wrong: unknown[] = [
    null,
    [],
    { ...valid, version: 2 },
    { ...valid, more: 1 },
    { ...valid, minCount: 0 },
    { ...valid, words: ["no", "no"] },
    { ...valid, words: ["<eos>"] },
    { ...valid, words: ["<unk>"] },
    { ...valid, words: ["two words"] },
    { ...valid, words: ["Upper"] },
    { ...valid, words: ["a".repeat(65)] },
    { ...valid, words: Array.from({ length: 65_534 }, (_, i) => `w${i}`) },
  ];
  for (const value of wrong) {
    assert.throws(
      () => Vocabulary.parse(value, { file: "v.json" }),
      (error: unknown) => error instanceof DataError && error.message.startsWith("v.json: "),
    );
  }
  assert.equal(Vocabulary.parse(valid, { file: "v.json" }).size, 5);
});
