/**
 * The texts of all studies as tokens, in memory.
 *
 * @module
 */
import type { StudyTexts } from "./study_texts.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** The texts of some studies as tokens. */
export interface Tokens {
  /** Study-major, padded: `tokens[i * length + position]`. */
  tokens: Uint16Array;
  /** Number of tokens of each text, `<eos>` included; 0 where a study has no text. */
  lengths: Uint16Array;
}

/** Tokens by study: two bytes each, so the texts of 230,000 studies of 128 tokens take 58 MB. */
export class TokenTable {
  /** Tokens of a text, padding included. */
  readonly length: number;
  readonly #tokens: Uint16Array;
  readonly #lengths: Uint16Array;

  private constructor(length: number, studies: number) {
    this.length = length;
    this.#tokens = new Uint16Array(studies * length);
    this.#lengths = new Uint16Array(studies);
  }

  /**
   * Encodes the texts of all studies of an index.
   *
   * @param options.length Tokens of a text; longer ones are truncated.
   */
  static encode(
    texts: Pick<StudyTexts, "get">,
    options: { studies: number; vocabulary: Vocabulary; length: number },
  ): TokenTable {
    const { studies, vocabulary, length } = options;
    const table = new TokenTable(length, studies);
    for (let study = 0; study < studies; study++) {
      const text = texts.get(study);
      if (text === undefined) continue;
      const encoded = vocabulary.encode(text, length);
      table.#tokens.set(encoded.tokens, study * length);
      table.#lengths[study] = encoded.length;
    }
    return table;
  }

  /** Whether a study has a text. */
  has(study: number): boolean {
    return this.#lengths[study]! > 0;
  }

  /** The tokens of some studies, one row each. */
  rows(studies: ArrayLike<number>): Tokens {
    const { length } = this;
    const tokens = new Uint16Array(studies.length * length);
    const lengths = new Uint16Array(studies.length);
    for (let i = 0; i < studies.length; i++) {
      const study = studies[i]!;
      tokens.set(this.#tokens.subarray(study * length, (study + 1) * length), i * length);
      lengths[i] = this.#lengths[study]!;
    }
    return { tokens, lengths };
  }
}
