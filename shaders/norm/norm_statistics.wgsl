// Batch normalisation, second of two passes: combines the partial moments of each channel in a fixed order (Chan,
// Golub and LeVeque), updates the running statistics in place, and gives what y = x * scale + shift needs.
//
//   mean = sum_i n_i mean_i / n           variance = sum_i [M2_i + n_i (mean_i - mean)^2] / n      (biased)
//   scale = gamma / sqrt(variance + epsilon)      shift = beta - mean * scale
//   running = (1 - momentum) * running + momentum * (mean | variance * unbias)
//
// where unbias = n / (n - 1), or 1 for a single row.
//
// Operands: partials [2, shares, groups]: means, then sums of squared deviations (norm_moments.wgsl), with COUNTED
// [3, shares, groups], where the last are the numbers of rows (norm_tile_sums.wgsl); gamma, beta,
// running_mean, running_variance (both in place), scale, shift [groups] of Value; moments [2, groups]: mean, then
// 1 / sqrt(variance + epsilon). With WIDE (GPUs) a workgroup combines a group of channels, else one invocation does.

//#if WIDE
var<workgroup> shared_values: array<Value, LANES>;

// The sum over the workgroup, by a tree whose lower part is that of runtime/kernels/subgroups.ts.
fn total(value: Value, lane: u32) -> Value {
  workgroupBarrier();
  shared_values[lane] = value;
  for (var half = LANES / 2u; half >= SUBGROUP; half /= 2u) {
    workgroupBarrier();
    if (lane < half) {
      shared_values[lane] += shared_values[lane + half];
    }
  }
  workgroupBarrier();
//#if SUBGROUPS
  var sum = shared_values[subgroup_lane % SUBGROUP];
  for (var half = SUBGROUP / 2u; half > 0u; half /= 2u) {
    sum += subgroupShuffleDown(sum, half);
  }
  return subgroupShuffle(sum, 0u);
//#else
  return shared_values[0];
//#end
}
//#else
fn total(value: Value, lane: u32) -> Value {
  return value;
}
//#end

// Rows of a share of the first pass.
fn rows_of(share: u32) -> f32 {
//#if COUNTED
  let count = partials_at(2u * p.lanes + share * p.groups);
//#if VECTORS
  return count[0];
//#else
  return count;
//#end
//#else
  let chunk = share / p.interleave;
  let first = chunk * p.chunk_rows + share % p.interleave;
  let end = min(p.rows, (chunk + 1u) * p.chunk_rows);
  return f32(select(0u, (end - first + p.interleave - 1u) / p.interleave, first < end));
//#end
}

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
  let origin = partials_at(channel);
  var sum = Value(0.0);
  for (var i = first; i < shares; i += step) {
    sum += (partials_at(i * p.groups + channel) - origin) * rows_of(i);
  }
  let mean = origin + total(sum, lane) / f32(p.rows);
  var squares = Value(0.0);
  for (var i = first; i < shares; i += step) {
    let distance = partials_at(i * p.groups + channel) - mean;
    squares += partials_at(p.lanes + i * p.groups + channel) + distance * distance * rows_of(i);
  }
  let variance = total(squares, lane) / f32(p.rows);
  if (stores) {
    let inverse = 1.0 / sqrt(variance + p.epsilon);
    let factor = gamma_at(channel) * inverse;
    scale_put(channel, factor);
    shift_put(channel, beta_at(channel) - mean * factor);
    moments_put(channel, mean);
    moments_put(p.groups + channel, inverse);
    let old_mean = running_mean_at(channel);
    let old_variance = running_variance_at(channel);
    running_mean_put(channel, old_mean + p.momentum * (mean - old_mean));
    running_variance_put(channel, old_variance + p.momentum * (variance * p.unbias - old_variance));
  }
}
