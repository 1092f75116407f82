/**
 * Splits report text into words and joins words to text.
 *
 * @module
 */

/** Stands for a word that is not in the vocabulary. */
export const UNKNOWN_WORD = "<unk>";

/** The masks of removed names in MIMIC-CXR (`___`) and Open-i (`XXXX`), each a word of its own. */
export const MASKS: readonly string[] = ["___", "XXXX"];

/**
 * Tried in this order: the mark of an unknown word, runs of mask characters, numbers with decimals or thousands, words
 * (which may hold digits after the first letter, and apostrophes), and any other visible character.
 */
const TOKEN =
  /<unk>|_{2,}|(?<![\p{L}\p{N}])x{4,}(?![\p{L}\p{N}])|\p{N}+(?:[.,]\p{N}+)*|\p{L}[\p{L}\p{M}\p{N}]*(?:'\p{L}[\p{L}\p{M}\p{N}]*)*|[^\s\p{C}]/gu;

/** Characters of word processors and what is read instead. */
const PLAIN: Readonly<Record<string, string>> = {
  "\u2018": "'",
  "\u2019": "'",
  "\u201c": '"',
  "\u201d": '"',
  "\u2010": "-",
  "\u2011": "-",
  "\u2013": "-",
  "\u2014": "-",
  "\u2212": "-",
};

/**
 * The words of a text in lower case. Numbers (`1.5`) and punctuation are words too; hyphens and slashes separate words.
 * Runs of underscores become `___` and runs of four or more X `XXXX`, whatever their length.
 *
 * @example
 * ```ts
 * tokenize("Heart size is 1.5 cm; compared to ___."); // heart size is 1.5 cm ; compared to ___ .
 * ```
 */
export function tokenize(text: string): string[] {
  const plain = text.toWellFormed().replace(/[\u2010-\u2014\u2018\u2019\u201c\u201d\u2212]/gu, (c) => PLAIN[c] ?? c);
  const words = plain.toLowerCase().normalize("NFC").match(TOKEN) ?? [];
  return words.map((word) => word.startsWith("__") ? MASKS[0]! : /^x{4,}$/.test(word) ? MASKS[1]! : word);
}

const NO_SPACE_BEFORE = /^[.,;:!?)%\]]$/;
const NO_SPACE_AFTER = /^[(\[]$/;
/** Written without spaces between two words. */
const JOINS = /^[-/]$/;
const IS_WORD = /^[\p{L}\p{N}]/u;

/** Joins words to text that {@linkcode tokenize} splits into the same words. */
export function joinWords(words: readonly string[]): string {
  let text = "";
  words.forEach((word, i) => {
    const before = words[i - 1] ?? "";
    const joinsBefore = JOINS.test(word) && IS_WORD.test(before) && IS_WORD.test(words[i + 1] ?? "");
    const joinedAfter = JOINS.test(before) && IS_WORD.test(word) && IS_WORD.test(words[i - 2] ?? "");
    const close = i === 0 || NO_SPACE_BEFORE.test(word) || NO_SPACE_AFTER.test(before) || joinsBefore || joinedAfter;
    text += close ? word : ` ${word}`;
  });
  return text;
}
