/**
 * The vocabulary of a text view: numbers for words.
 *
 * @module
 */
import { z } from "zod";
import { DataError } from "../../base/errors.ts";
import { decodeTokens, EOS } from "./decode_tokens.ts";
import { tokenize, UNKNOWN_WORD } from "./tokenize.ts";

export { EOS, PAD } from "./decode_tokens.ts";
/** The token of words that are not in the vocabulary. */
export const UNKNOWN = 2;

const SPECIALS: readonly string[] = ["<pad>", "<eos>", UNKNOWN_WORD];
/** Tokens are stored in 16 bits. */
const MAX_SIZE = 65_536;
/** Longer words are damage: they are never learnt. */
const MAX_WORD = 64;
/** Words seen more than three times are learnt, as published. */
const DEFAULT_MIN_COUNT = 4;

/** The content of a vocabulary's file. */
export interface VocabularyFile {
  /** Kind of the file. */
  format: "mmvm vocabulary";
  /** Version of the format. */
  version: 1;
  /** How often a word must occur to be learnt. */
  minCount: number;
  /** Words from token 3 on. */
  words: string[];
}

const fileSchema: z.ZodType<VocabularyFile> = z.strictObject({
  format: z.literal("mmvm vocabulary"),
  version: z.literal(1),
  minCount: z.int().min(1).max(2 ** 31 - 1),
  words: z.array(z.string().min(1).max(MAX_WORD)).max(MAX_SIZE - SPECIALS.length),
});

/** A text as tokens. */
export interface EncodedText {
  /** Padded with {@linkcode PAD} to the length asked for. */
  tokens: Uint16Array;
  /** Number of tokens before the padding, `<eos>` included. */
  length: number;
  /** Words of the whole text that are not in the vocabulary, also those cut off. */
  unknown: number;
  /** Words of the whole text. */
  words: number;
}

/**
 * Maps words to tokens: 0 `<pad>`, 1 `<eos>`, 2 `<unk>`, then words, the most frequent first.
 *
 * @example
 * ```ts
 * const vocabulary = Vocabulary.build(trainingTexts);
 * const { tokens, length } = vocabulary.encode("No pleural effusion.", 64);
 * ```
 */
export class Vocabulary {
  /** Occurrences from which on a word was included. */
  readonly minCount: number;
  readonly #words: readonly string[];
  readonly #tokens: ReadonlyMap<string, number>;

  private constructor(words: readonly string[], minCount: number) {
    this.minCount = minCount;
    this.#words = [...SPECIALS, ...words];
    this.#tokens = new Map(this.#words.map((word, token) => [word, token]));
  }

  /**
   * Collects the words that occur at least `minCount` times (4 by default), by descending frequency and then by code
   * units. Give the training split's texts only: what validation and test say must not be known.
   *
   * @throws {RangeError} if `minCount` is not a positive integer.
   */
  static build(texts: Iterable<string>, options: { minCount?: number } = {}): Vocabulary {
    const minCount = options.minCount ?? DEFAULT_MIN_COUNT;
    if (!Number.isInteger(minCount) || minCount < 1) {
      throw new RangeError(`minCount is ${minCount}, but must be a positive integer`);
    }
    const counts = new Map<string, number>();
    for (const text of texts) {
      for (const word of tokenize(text)) {
        if (word.length <= MAX_WORD && word !== UNKNOWN_WORD) counts.set(word, (counts.get(word) ?? 0) + 1);
      }
    }
    const words = [...counts].filter(([, count]) => count >= minCount)
      .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
      .slice(0, MAX_SIZE - SPECIALS.length)
      .map(([word]) => word);
    return new Vocabulary(words, minCount);
  }

  /**
   * Restores what {@linkcode toJSON} returned.
   *
   * @param value Parsed JSON.
   * @throws {DataError} if it is not a vocabulary: other fields, too many or too long words, a word that appears twice
   * or could not come from {@linkcode tokenize}.
   */
  static parse(value: unknown, { file }: { file: string }): Vocabulary {
    const parsed = fileSchema.safeParse(value);
    if (!parsed.success) {
      const { path, message } = parsed.error.issues[0]!;
      throw new DataError(`this is not a vocabulary: ${path.join(".") || "content"}: ${message}`, { file });
    }
    const { words, minCount } = parsed.data;
    const vocabulary = new Vocabulary(words, minCount);
    if (vocabulary.#tokens.size !== vocabulary.size) {
      throw new DataError("a word of the vocabulary appears twice, so its tokens are ambiguous", { file });
    }
    const odd = words.findIndex((word) => {
      const [only, ...more] = tokenize(word);
      return word === UNKNOWN_WORD || only !== word || more.length > 0;
    });
    if (odd >= 0) {
      throw new DataError(`entry ${odd + 1} of the vocabulary is not a single word in lower case`, { file });
    }
    return vocabulary;
  }

  /** Number of tokens, the three special ones included. */
  get size(): number {
    return this.#words.length;
  }

  /** The word of a token. @throws {RangeError} for a number that is not a token. */
  word(token: number): string {
    const word = this.#words[token];
    if (word === undefined) throw new RangeError(`${token} is not a token of a vocabulary of ${this.size}`);
    return word;
  }

  /**
   * The tokens of a text. A longer text is truncated; `<eos>` always ends it.
   *
   * @param length Number of tokens, at least 1.
   */
  encode(text: string, length: number): EncodedText {
    if (!Number.isInteger(length) || length < 1) {
      throw new RangeError(`the length of a text is ${length}, but must be a positive integer`);
    }
    const words = tokenize(text);
    const tokens = new Uint16Array(length);
    const used = Math.min(words.length, length - 1);
    let unknown = 0;
    words.forEach((word, i) => {
      const token = this.#tokens.get(word) ?? UNKNOWN;
      if (token === UNKNOWN) unknown++;
      if (i < used) tokens[i] = token;
    });
    tokens[used] = EOS;
    return { tokens, length: used + 1, unknown, words: words.length };
  }

  /** The text of tokens, up to the first `<eos>`; padding is left out. @throws {RangeError} for a foreign number. */
  decode(tokens: Iterable<number>): string {
    return decodeTokens(tokens, (token) => this.word(token));
  }

  /** The content of the vocabulary's file. */
  toJSON(): VocabularyFile {
    const words = this.#words.slice(SPECIALS.length);
    return { format: "mmvm vocabulary", version: 1, minCount: this.minCount, words };
  }
}
