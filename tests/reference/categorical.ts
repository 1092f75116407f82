/**
 * The categorical likelihood of token sequences in float64.
 *
 * @module
 */

/** Sequences of tokens, and the sizes of their logits [samples, positions, words]. */
export interface TokenSequences {
  readonly positions: number;
  readonly words: number;
  readonly tokens: ArrayLike<number>;
  readonly lengths: ArrayLike<number>;
}

function logSumExp(logits: ArrayLike<number>, first: number, words: number): number {
  let peak = -Infinity;
  for (let v = 0; v < words; v++) peak = Math.max(peak, logits[first + v]!);
  let sum = 0;
  for (let v = 0; v < words; v++) sum += Math.exp(logits[first + v]! - peak);
  return peak + Math.log(sum);
}

/** Each position's negative log-likelihood and log-sum-exp, zeros for padding. */
export function categoricalRows(
  logits: ArrayLike<number>,
  { positions, words, tokens, lengths }: TokenSequences,
): { nll: Float64Array; normalizers: Float64Array } {
  const nll = new Float64Array(lengths.length * positions);
  const normalizers = new Float64Array(nll.length);
  for (let row = 0; row < nll.length; row++) {
    if (row % positions >= lengths[Math.floor(row / positions)]!) continue;
    normalizers[row] = logSumExp(logits, row * words, words);
    nll[row] = tokens[row]! < words ? normalizers[row]! - logits[row * words + tokens[row]!]! : NaN;
  }
  return { nll, normalizers };
}

/** Negative log-likelihood of each sample. */
export function categoricalNll(logits: ArrayLike<number>, sequences: TokenSequences): Float64Array {
  const { nll } = categoricalRows(logits, sequences);
  const { positions, lengths } = sequences;
  return Float64Array.from(
    { length: lengths.length },
    (_, n) => nll.subarray(n * positions, (n + 1) * positions).reduce((total, value) => total + value, 0),
  );
}

/** Gradient of sum(g * nll) by the logits. */
export function categoricalGradient(
  logits: ArrayLike<number>,
  { positions, words, tokens, lengths, g }: TokenSequences & { g: ArrayLike<number> },
): Float64Array {
  const { normalizers } = categoricalRows(logits, { positions, words, tokens, lengths });
  return Float64Array.from({ length: logits.length }, (_, i) => {
    const [row, v] = [Math.floor(i / words), i % words];
    if (row % positions >= lengths[Math.floor(row / positions)]!) return 0;
    return g[row]! * (Math.exp(logits[i]! - normalizers[row]!) - (v === tokens[row] ? 1 : 0));
  });
}

/** The first largest logit of each row. */
export function categoricalMode(logits: ArrayLike<number>, { words }: { words: number }): number[] {
  return Array.from({ length: logits.length / words }, (_, row) => {
    let best = 0;
    for (let v = 1; v < words; v++) if (logits[row * words + v]! > logits[row * words + best]!) best = v;
    return best;
  });
}
