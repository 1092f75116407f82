// What categorical_nll computes, one position per invocation: the negative log-likelihood of a token under a softmax of
// logits, zero for padding. Two passes over the logits: the largest one, then the sum.
//
// Operands: logits [rows, words], tokens [rows], lengths [samples], nll [rows]. Documentation, and an oracle for tests.

fn kernel(group: u32, lane: u32) {
  let row = group * LANES + lane;
  if (row >= p.rows) {
    return;
  }
  if (row % p.positions >= lengths_at(row / p.positions)) {
    nll_put(row, 0.0);
    return;
  }
  var peak = logits_at(row * p.words);
  for (var v = 1u; v < p.words; v++) {
    peak = max(peak, logits_at(row * p.words + v));
  }
  var sum = 0.0;
  for (var v = 0u; v < p.words; v++) {
    sum += exp(logits_at(row * p.words + v) - peak);
  }
  nll_put(row, peak + log(sum) - logits_at(row * p.words + tokens_at(row)));
}
