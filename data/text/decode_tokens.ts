/**
 * From tokens back to text.
 *
 * @module
 */
import { joinWords } from "./tokenize.ts";

/** The token that fills a text up to its fixed length. */
export const PAD = 0;
/** The token that ends every text. */
export const EOS = 1;

/** The text of tokens, up to the first {@linkcode EOS}; padding is left out. */
export function decodeTokens(tokens: Iterable<number>, word: (token: number) => string): string {
  const words: string[] = [];
  for (const token of tokens) {
    if (token === EOS) break;
    if (token !== PAD) words.push(word(token));
  }
  return joinWords(words);
}
