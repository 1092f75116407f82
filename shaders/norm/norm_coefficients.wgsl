// Batch normalisation in evaluation: what y = x * scale + shift needs, from the running statistics.
//
//   scale = gamma / sqrt(variance + epsilon)      shift = beta - mean * scale
//
// Operands: mean, variance, gamma, beta, scale, shift [channels]; moments [2, channels]: mean, then
// 1 / sqrt(variance + epsilon).

fn kernel(group: u32, lane: u32) {
  let channel = group * LANES + lane;
  if (channel >= p.channels) {
    return;
  }
  let inverse = 1.0 / sqrt(variance_at(channel) + p.epsilon);
  let factor = gamma_at(channel) * inverse;
  scale_put(channel, factor);
  shift_put(channel, beta_at(channel) - mean_at(channel) * factor);
  moments_put(channel, mean_at(channel));
  moments_put(p.channels + channel, inverse);
}
