// Gradient of batch normalisation, second of two passes: adds the partial sums of each channel up in a fixed order.
//
//   beta' = sum dy        gamma' = sum dy (x - mean) * inverse       (inverse = 1 / sqrt(variance + epsilon))
//
// With TRAINING, where mean and variance depend on x, also the coefficients of dx = dy * scale + (x - mean) * slope + offset:
//
//   slope = -scale * inverse * gamma' / n        offset = -scale * beta' / n
//
// and mean, for whoever forms dx: with x * slope + (offset - mean * slope) the rounding error would grow with the mean.
//
// Bindings:
//   0  partials   [3, lanes of a group, groups] (norm_gradient_sums.wgsl)
//   1  moments    [2, groups]: mean, then inverse
//   2  gammaGradient  3 betaGradient   [groups]
//   4  scale      [groups], only with TRAINING, as the following
//   5  slope  6 offset  7 mean   [groups]
//   last p        rows, groups, lanes (of all groups)
// Template: VALUE and BITS, vec4f and vec4u or f32 and u32; TRAINING; WIDE: one workgroup of 64 lanes for each group of channels (GPUs), else one
// invocation.

alias Value = {{VALUE}};
alias Bits = {{BITS}};

struct Parameters {
  rows: u32,
  groups: u32,
  lanes: u32,
  // See compensated.wgsl.
  zero: u32,
}

@group(0) @binding(0) var<storage, read> partials: array<Value>;
@group(0) @binding(1) var<storage, read> moments: array<Value>;
@group(0) @binding(2) var<storage, read_write> gammaGradient: array<Value>;
@group(0) @binding(3) var<storage, read_write> betaGradient: array<Value>;
{{#if TRAINING}}
@group(0) @binding(4) var<storage, read> scale: array<Value>;
@group(0) @binding(5) var<storage, read_write> slope: array<Value>;
@group(0) @binding(6) var<storage, read_write> offset: array<Value>;
@group(0) @binding(7) var<storage, read_write> centre: array<Value>;
@group(0) @binding(8) var<uniform> p: Parameters;
{{else}}
@group(0) @binding(4) var<uniform> p: Parameters;
{{/if}}

{{#if WIDE}}
const LANES = 64u;
var<workgroup> shared_sums: array<Sum, LANES>;

// The sum over the workgroup, by a tree.
fn total(sum: Sum, lane: u32) -> Value {
  workgroupBarrier();
  shared_sums[lane] = sum;
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) {
      shared_sums[lane] = joined(shared_sums[lane], shared_sums[lane + half]);
    }
  }
  workgroupBarrier();
  return value_of(shared_sums[0]);
}
{{else}}
const LANES = 1u;

fn total(sum: Sum, lane: u32) -> Value {
  return value_of(sum);
}
{{/if}}

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
  var sum = Sum(Value(0.0), Value(0.0));
  var product = Sum(Value(0.0), Value(0.0));
  for (var i = lane; i < perGroup; i += LANES) {
    let at = i * p.groups + channel;
    sum = joined(sum, Sum(partials[at], partials[p.lanes + at]));
    product = added(product, partials[2u * p.lanes + at]);
  }
  let inverse = moments[p.groups + channel];
  let betaTotal = total(sum, lane);
  let gammaTotal = total(product, lane) * inverse;
  if (stores) {
    gammaGradient[channel] = gammaTotal;
    betaGradient[channel] = betaTotal;
{{#if TRAINING}}
    let factor = scale[channel];
    slope[channel] = -(factor * inverse * gammaTotal) / f32(p.rows);
    offset[channel] = -(factor * betaTotal) / f32(p.rows);
    centre[channel] = moments[channel];
{{/if}}
  }
}
