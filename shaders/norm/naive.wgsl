// What the kernels of batch normalisation compute, one channel per invocation: with the mean and the biased variance of
// x [rows, channels] over its rows, the scale and shift of y = x * scale + shift.
//
//   scale = gamma / sqrt(variance + epsilon)      shift = beta - mean * scale
//
// Operands: x [rows, channels]; gamma, beta, scale, shift [channels]. Documentation, and an oracle for tests.

fn kernel(group: u32, lane: u32) {
  let c = group * LANES + lane;
  if (c >= p.channels) {
    return;
  }
  var sum = 0.0;
  for (var row = 0u; row < p.rows; row++) {
    sum += x_at(row * p.channels + c);
  }
  let mean = sum / f32(p.rows);
  var squares = 0.0;
  for (var row = 0u; row < p.rows; row++) {
    let deviation = x_at(row * p.channels + c) - mean;
    squares += deviation * deviation;
  }
  let scale = gamma_at(c) / sqrt(squares / f32(p.rows) + p.epsilon);
  scale_put(c, scale);
  shift_put(c, beta_at(c) - mean * scale);
}
