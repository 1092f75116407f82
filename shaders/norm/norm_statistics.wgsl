// Batch normalisation, second of two passes: combines the partial moments of each channel in a fixed order (Chan,
// Golub and LeVeque), updates the running statistics in place, and gives what y = x * scale + shift needs.
//
//   mean = sum_i n_i mean_i / n           variance = sum_i [M2_i + n_i (mean_i - mean)^2] / n      (biased)
//   scale = gamma / sqrt(variance + epsilon)      shift = beta - mean * scale
//   running = (1 - momentum) * running + momentum * (mean | variance * unbias)
//
// Bindings:
//   0  partials         [2, lanes of a group, groups]: means, then sums of squared deviations (norm_moments.wgsl)
//   1  gamma  2 beta    [groups] of Value
//   3  runningMean  4 runningVariance   [groups], in place
//   5  scale  6 shift   [groups]
//   7  moments          [2, groups]: mean, then 1 / sqrt(variance + epsilon)
//   8  p                see Parameters
// Template: VALUE, vec4f or f32; WIDE: one workgroup of 64 lanes for each group of channels (GPUs), else one
// invocation.

alias Value = {{VALUE}};

struct Parameters {
  rows: u32,
  groups: u32,
  chunkRows: u32,
  interleave: u32,
  lanes: u32,
  epsilon: f32,
  momentum: f32,
  // n / (n - 1), or 1 for a single row.
  unbias: f32,
}

@group(0) @binding(0) var<storage, read> partials: array<Value>;
@group(0) @binding(1) var<storage, read> gamma: array<Value>;
@group(0) @binding(2) var<storage, read> beta: array<Value>;
@group(0) @binding(3) var<storage, read_write> runningMean: array<Value>;
@group(0) @binding(4) var<storage, read_write> runningVariance: array<Value>;
@group(0) @binding(5) var<storage, read_write> scale: array<Value>;
@group(0) @binding(6) var<storage, read_write> shift: array<Value>;
@group(0) @binding(7) var<storage, read_write> moments: array<Value>;
@group(0) @binding(8) var<uniform> p: Parameters;

{{#if WIDE}}
const LANES = 64u;
var<workgroup> shared_values: array<Value, LANES>;

// The sum over the workgroup, by a tree.
fn total(value: Value, lane: u32) -> Value {
  workgroupBarrier();
  shared_values[lane] = value;
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) {
      shared_values[lane] += shared_values[lane + half];
    }
  }
  workgroupBarrier();
  return shared_values[0];
}
{{else}}
const LANES = 1u;

fn total(value: Value, lane: u32) -> Value {
  return value;
}
{{/if}}

// Rows that a lane of the first pass has seen.
fn rowsOf(lane: u32) -> f32 {
  let chunk = lane / p.interleave;
  let first = chunk * p.chunkRows + lane % p.interleave;
  let end = min(p.rows, (chunk + 1u) * p.chunkRows);
  return f32(select(0u, (end - first + p.interleave - 1u) / p.interleave, first < end));
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) invocation: u32,
) {
  let number = group.x + group.y * groups.x;
{{#if WIDE}}
  // A group that does not exist does the work of the last one, so that all invocations reach the barriers; it stores
  // nothing.
  let channel = min(number, p.groups - 1u);
  let stores = number < p.groups && invocation == 0u;
  let lane = invocation;
{{else}}
  let channel = number * 64u + invocation;
  let stores = true;
  let lane = 0u;
  if (channel >= p.groups) {
    return;
  }
{{/if}}
  let perGroup = p.lanes / p.groups;
  let origin = partials[channel];
  var sum = Value(0.0);
  for (var i = lane; i < perGroup; i += LANES) {
    sum += (partials[i * p.groups + channel] - origin) * rowsOf(i);
  }
  let mean = origin + total(sum, lane) / f32(p.rows);
  var squares = Value(0.0);
  for (var i = lane; i < perGroup; i += LANES) {
    let distance = partials[i * p.groups + channel] - mean;
    squares += partials[p.lanes + i * p.groups + channel] + distance * distance * rowsOf(i);
  }
  let variance = total(squares, lane) / f32(p.rows);
  if (stores) {
    let inverse = 1.0 / sqrt(variance + p.epsilon);
    let factor = gamma[channel] * inverse;
    scale[channel] = factor;
    shift[channel] = beta[channel] - mean * factor;
    moments[channel] = mean;
    moments[p.groups + channel] = inverse;
    let oldMean = runningMean[channel];
    let oldVariance = runningVariance[channel];
    runningMean[channel] = oldMean + p.momentum * (mean - oldMean);
    runningVariance[channel] = oldVariance + p.momentum * (variance * p.unbias - oldVariance);
  }
}
