/**
 * A unigram model of tokens.
 *
 * @module
 */
import type { Tokens } from "../data/text/token_table.ts";

/**
 * Mean negative log-likelihood of the test texts' tokens, `<eos>` included, under the frequencies of the training
 * texts' tokens with one count added to each (Laplace smoothing), in nats per token. `NaN` without test tokens.
 */
export function unigramNats(train: Tokens, test: Tokens, vocabulary: number): number {
  const counts = new Float64Array(vocabulary).fill(1);
  forEachToken(train, (token) => counts[token]!++);
  const total = counts.reduce((sum, count) => sum + count, 0);
  let nats = 0;
  let tokens = 0;
  forEachToken(test, (token) => {
    nats -= Math.log(counts[token]! / total);
    tokens++;
  });
  return nats / tokens;
}

/** Visits the tokens before the padding. */
function forEachToken({ tokens, lengths }: Tokens, visit: (token: number) => void): void {
  const length = tokens.length / lengths.length;
  lengths.forEach((used, row) => {
    for (let position = 0; position < used; position++) visit(tokens[row * length + position]!);
  });
}
