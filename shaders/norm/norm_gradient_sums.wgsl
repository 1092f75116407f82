// Gradient of batch normalisation, first of two passes: for each channel of dy and x, seen as [rows, channels], the
// sums over the rows of one share of dy and of dy * (x - mean). With RELU, y was max(x * scale + shift, 0), and dy
// counts only where that is positive.
//
// The sum of dy is compensated (compensated.wgsl): before another batch norm the gradient of beta is zero, and what
// rounding leaves of it would be noise that grows with the number of rows.
//
// Operands: dy, x [rows, groups] of Value, where a group is 4 neighbouring channels if Value is vec4f, else 1;
// moments [2, groups]: mean, then 1 / sqrt(variance + epsilon); with RELU scale and shift [groups];
// partials [3, shares, groups]: sums of dy, their compensations, sums of dy * (x - mean). Shares are those of
// norm_moments.wgsl.

fn kernel(group: u32, lane: u32) {
  let job = group * LANES + lane;
  if (job >= p.lanes) {
    return;
  }
  let channel = job % p.groups;
  let turn = job / p.groups;
  let chunk = turn / p.interleave;
  let end = min(p.rows, (chunk + 1u) * p.chunk_rows);
  var row = chunk * p.chunk_rows + turn % p.interleave;
  let step = p.interleave * p.groups;
  var at = row * p.groups + channel;
  let mean = moments_at(channel);
//#if RELU
  let factor = scale_at(channel);
  let offset = shift_at(channel);
//#end

  var sum = Sum(Value(0.0), Value(0.0));
  var product = Value(0.0);
  for (; row + 3u * p.interleave < end; row += 4u * p.interleave) {
//#for I in 4
    let x_I = x_at(at + I * step);
//#if RELU
    let g_I = select(Value(0.0), dy_at(at + I * step), x_I * factor + offset > Value(0.0));
//#else
    let g_I = dy_at(at + I * step);
//#end
//#end
    at += 4u * step;
//#for I in 4
    sum = added(sum, g_I);
//#end
    product += (g_0 * (x_0 - mean) + g_1 * (x_1 - mean)) + (g_2 * (x_2 - mean) + g_3 * (x_3 - mean));
  }
  for (; row < end; row += p.interleave) {
    let x0 = x_at(at);
//#if RELU
    let g0 = select(Value(0.0), dy_at(at), x0 * factor + offset > Value(0.0));
//#else
    let g0 = dy_at(at);
//#end
    at += step;
    sum = added(sum, g0);
    product += g0 * (x0 - mean);
  }
  partials_put(job, sum.total);
  partials_put(p.lanes + job, sum.rest);
  partials_put(2u * p.lanes + job, product);
}
