// Negative log-likelihoods of tokens under a softmax of logits: nll[n, l] = log sum over v of e^logits[n, l, v]
// - logits[n, l, tokens[n, l]] for l below lengths[n]; zero, with nothing read, for the padding after that. The log-sum-
// exp is made in one pass over the logits: a sum is rescaled whenever a larger logit comes.
//
// SHARED (profile gpu, or a very wide row): a workgroup a row. Otherwise: a row an invocation.
//
// Operands: logits [rows, groups] of Value, where a group is 4 neighbouring logits if VECTOR, else 1; tokens [rows];
// lengths [samples]; nll and normalizers (the log-sum-exps, for the gradient) [rows].

const LEAST = -3.4028234e38;

// A sum of e^x: e^peak total.
struct Sum {
  peak: f32,
  total: f32,
}

fn with_group(sum: Sum, i: u32) -> Sum {
  let x = logits_at(i);
//#if VECTOR
  let peak = max(sum.peak, max(max(x.x, x.y), max(x.z, x.w)));
  let terms = exp(x - peak);
  let added = (terms.x + terms.y) + (terms.z + terms.w);
//#else
  let peak = max(sum.peak, x);
  let added = exp(x - peak);
//#end
  return Sum(peak, sum.total * exp(sum.peak - peak) + added);
}

fn joined(a: Sum, b: Sum) -> Sum {
  let peak = max(a.peak, b.peak);
  return Sum(peak, a.total * exp(a.peak - peak) + b.total * exp(b.peak - peak));
}

fn logit(row: u32, v: u32) -> f32 {
//#if VECTOR
  return logits_at(row * p.groups + v / 4u)[v % 4u];
//#else
  return logits_at(row * p.groups + v);
//#end
}

fn counts(row: u32) -> bool {
  return row < p.rows && row % p.positions < lengths_at(row / p.positions);
}

fn finish(row: u32, sum: Sum) {
  let token = tokens_at(row);
  let spread = log(sum.total);
  normalizers_put(row, sum.peak + spread);
  if (token < p.words) {
    // In this order, huge logits lose nothing.
    nll_put(row, (sum.peak - logit(row, token)) + spread);
  } else {
    nll_put(row, p.nan);
  }
}

fn skip(row: u32) {
  normalizers_put(row, 0.0);
  nll_put(row, 0.0);
}

//#if SHARED
var<workgroup> peaks: array<f32, LANES>;
var<workgroup> totals: array<f32, LANES>;

fn kernel(group: u32, lane: u32) {
  let row = group;
  var sum = Sum(LEAST, 0.0);
  if (counts(row)) {
    for (var i = lane; i < p.groups; i += LANES) {
      sum = with_group(sum, row * p.groups + i);
    }
  }
  peaks[lane] = sum.peak;
  totals[lane] = sum.total;
  workgroupBarrier();
  for (var stride = LANES / 2u; stride > 0u; stride /= 2u) {
    if (lane < stride) {
      let both = joined(Sum(peaks[lane], totals[lane]), Sum(peaks[lane + stride], totals[lane + stride]));
      peaks[lane] = both.peak;
      totals[lane] = both.total;
    }
    workgroupBarrier();
  }
  if (lane == 0u && row < p.rows) {
    if (counts(row)) {
      finish(row, Sum(peaks[0], totals[0]));
    } else {
      skip(row);
    }
  }
}
//#else
fn kernel(group: u32, lane: u32) {
  let row = group * LANES + lane;
  if (row >= p.rows) {
    return;
  }
  if (!counts(row)) {
    skip(row);
    return;
  }
  var sum = Sum(LEAST, 0.0);
  for (var i = 0u; i < p.groups; i++) {
    sum = with_group(sum, row * p.groups + i);
  }
  finish(row, sum);
}
//#end
