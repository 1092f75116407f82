// Batch normalisation in evaluation: what y = x * scale + shift needs, from the running statistics.
//
//   scale = gamma / sqrt(variance + epsilon)      shift = beta - mean * scale
//
// Bindings:
//   0  mean  1 variance  2 gamma  3 beta   [channels]
//   4  scale  5 shift   [channels]
//   6  moments          [2, channels]: mean, then 1 / sqrt(variance + epsilon)
//   7  p                number of channels, epsilon

struct Parameters {
  channels: u32,
  epsilon: f32,
}

@group(0) @binding(0) var<storage, read> mean: array<f32>;
@group(0) @binding(1) var<storage, read> variance: array<f32>;
@group(0) @binding(2) var<storage, read> gamma: array<f32>;
@group(0) @binding(3) var<storage, read> beta: array<f32>;
@group(0) @binding(4) var<storage, read_write> scale: array<f32>;
@group(0) @binding(5) var<storage, read_write> shift: array<f32>;
@group(0) @binding(6) var<storage, read_write> moments: array<f32>;
@group(0) @binding(7) var<uniform> p: Parameters;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) invocation: u32,
) {
  let channel = (group.x + group.y * groups.x) * 64u + invocation;
  if (channel >= p.channels) {
    return;
  }
  let inverse = 1.0 / sqrt(variance[channel] + p.epsilon);
  let factor = gamma[channel] * inverse;
  scale[channel] = factor;
  shift[channel] = beta[channel] - mean[channel] * factor;
  moments[channel] = mean[channel];
  moments[p.channels + channel] = inverse;
}
