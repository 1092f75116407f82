// Gradient of batch normalisation, second of two passes: adds the partial sums of each channel up in a fixed order.
//
//   beta' = sum dy        gamma' = sum dy (x - mean) * inverse       (inverse = 1 / sqrt(variance + epsilon))
//
// With TRAINING, where mean and variance depend on x, also the coefficients of dx = dy * scale + (x - mean) * slope +
// offset:
//
//   slope = -scale * inverse * gamma' / n        offset = -scale * beta' / n
//
// and the mean again as `centre`: in the form x * slope + (offset - mean * slope) the rounding error would grow with
// it. Over the rows dx sums to zero: that is `row_sum`, the gradient of a bias in front of the batch norm, which would
// otherwise be the rounding errors of a sum over all rows.
//
// Operands: partials [3, shares, groups] (norm_gradient_sums.wgsl); moments [2, groups]: mean, then inverse;
// gamma_gradient, beta_gradient [groups] of Value; with TRAINING scale, slope, offset, centre and, unless APART, row_sum [groups]. With WIDE
// (GPUs) a workgroup combines a group of channels, else one invocation does.

//#if WIDE
var<workgroup> shared_sums: array<Sum, LANES>;

// The sum over the workgroup, by a tree whose lower part is that of runtime/kernels/subgroups.ts.
fn total(sum: Sum, lane: u32) -> Value {
  workgroupBarrier();
  shared_sums[lane] = sum;
  for (var half = LANES / 2u; half >= SUBGROUP; half /= 2u) {
    workgroupBarrier();
    if (lane < half) {
      shared_sums[lane] = joined(shared_sums[lane], shared_sums[lane + half]);
    }
  }
  workgroupBarrier();
//#if SUBGROUPS
  var rest = shared_sums[subgroup_lane % SUBGROUP];
  for (var half = SUBGROUP / 2u; half > 0u; half /= 2u) {
    rest = joined(rest, Sum(subgroupShuffleDown(rest.total, half), subgroupShuffleDown(rest.rest, half)));
  }
  return subgroupShuffle(value_of(rest), 0u);
//#else
  return value_of(shared_sums[0]);
//#end
}
//#else
fn total(sum: Sum, lane: u32) -> Value {
  return value_of(sum);
}
//#end

fn kernel(group: u32, lane: u32) {
//#if WIDE
  // A group that does not exist does the work of the last one, so that all lanes reach the barriers; it stores nothing.
  let channel = min(group, p.groups - 1u);
  let stores = group < p.groups && lane == 0u;
  let first = lane;
  let step = LANES;
//#else
  let channel = group * LANES + lane;
  let stores = true;
  let first = 0u;
  let step = 1u;
  if (channel >= p.groups) {
    return;
  }
//#end
  let shares = p.lanes / p.groups;
  var sum = Sum(Value(0.0), Value(0.0));
  var product = Sum(Value(0.0), Value(0.0));
  for (var i = first; i < shares; i += step) {
    let at = i * p.groups + channel;
    sum = joined(sum, Sum(partials_at(at), partials_at(p.lanes + at)));
    product = added(product, partials_at(2u * p.lanes + at));
  }
  let inverse = moments_at(p.groups + channel);
  let beta_total = total(sum, lane);
  let gamma_total = total(product, lane) * inverse;
  if (stores) {
    gamma_gradient_put(channel, gamma_total);
    beta_gradient_put(channel, beta_total);
//#if TRAINING
    let factor = scale_at(channel);
    slope_put(channel, -(factor * inverse * gamma_total) / f32(p.rows));
    offset_put(channel, -(factor * beta_total) / f32(p.rows));
    centre_put(channel, moments_at(channel));
//#if !APART
    row_sum_put(channel, Value(0.0));
//#end
//#end
  }
}
