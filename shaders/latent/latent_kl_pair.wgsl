// KL divergence of normals q0 = N(mu0, e^logvar0) from normals q1 = N(mu1, e^logvar1), row by row:
//
//   kl[row] = 1/2 sum over d of (e^r - 1 - r + (mu0 - mu1)^2 e^-logvar1)    with r = logvar0 - logvar1
//
// Layouts: means, log variances and their gradients are [rows, width]; kl and its gradient are [rows].
// BACKWARD: from the gradient of kl those of mu0, logvar0 and logvar1; that of mu1 is minus that of mu0, and a ninth
// buffer would be over WebGPU's default limit.

//#if BACKWARD
fn item(row: u32, d: u32) {
  let i = row * p.width + d;
  let g = kl_gradient_at(row);
  let scale = capped_exp(-0.5 * logvar1_at(i));
  let apart = bounded_product(difference(mu0_at(i), mu1_at(i)), scale);
  let ratio = exp_minus_one(difference(logvar0_at(i), logvar1_at(i)));
  mu0_gradient_put(i, g * (apart * scale));
  logvar0_gradient_put(i, 0.5 * g * ratio);
  logvar1_gradient_put(i, -0.5 * g * (ratio + apart * apart));
}
//#else
fn term(row: u32, d: u32) -> f32 {
  let i = row * p.width + d;
  let apart = bounded_product(difference(mu0_at(i), mu1_at(i)), capped_exp(-0.5 * logvar1_at(i)));
  return 0.5 * (exp_excess(difference(logvar0_at(i), logvar1_at(i))) + apart * apart);
}

fn finish(row: u32, sum: f32) {
  kl_put(row, sum);
}
//#end
