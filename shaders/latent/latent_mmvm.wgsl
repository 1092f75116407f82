// The MMVM regulariser of the posteriors q_m = N(mu_m, e^logvar_m) of M views (the pairwise upper bound of the papers'
// code):
//
//   kl[n] = sum over m of (alpha KL(q_m || N(0, I)) + (1 - alpha) / P sum over m' of KL(q_m || q_m'))
//
// over the P views that are present (all M without a mask). Pairs are taken together, in the symmetric form
//
//   KL(q_m || q_k) + KL(q_k || q_m) = 1/2 sum over d of (e^r + e^-r - 2 + delta^2 (e^-logvar_m + e^-logvar_k))
//
// with r = logvar_m - logvar_k and delta = mu_m - mu_k, in which nothing cancels.
//
// Layouts: mu, logvar and their gradients are [views, rows, width] (rows are samples); kl and its gradient are [rows];
// alpha is one number, read on the GPU because it changes every step. MASKED: mask [views, rows] of 0 and 1; what
// absent views hold is never read, and their gradients are zero. BACKWARD: from the gradient of kl those of mu and
// logvar, through both arguments of every pair.

fn present(view: u32, row: u32) -> bool {
//#if MASKED
  return mask_at(view * p.rows + row) > 0.5;
//#else
  return true;
//#end
}

// (1 - alpha) / P.
fn pair_weight(row: u32) -> f32 {
//#if MASKED
  var count = 0u;
  for (var m = 0u; m < p.views; m++) {
    count += select(0u, 1u, present(m, row));
  }
//#else
  let count = p.views;
//#end
  return (1.0 - alpha_at(0)) / f32(max(count, 1u));
}

//#if BACKWARD
fn item(row: u32, d: u32) {
  let g = kl_gradient_at(row);
  let weight = pair_weight(row);
  for (var m = 0u; m < p.views; m++) {
    let i = (m * p.rows + row) * p.width + d;
    var to_mu = 0.0;
    var to_logvar = 0.0;
    if (present(m, row)) {
      let scale = capped_exp(-0.5 * logvar_at(i));
      for (var k = 0u; k < p.views; k++) {
        if (k == m || !present(k, row)) {
          continue;
        }
        let j = (k * p.rows + row) * p.width + d;
        let other_scale = capped_exp(-0.5 * logvar_at(j));
        let delta = difference(mu_at(i), mu_at(j));
        let ratio = difference(logvar_at(i), logvar_at(j));
        let apart = bounded_product(delta, scale);
        to_mu += apart * scale + bounded_product(delta, other_scale) * other_scale;
        to_logvar += exp_minus_one(ratio) - exp_minus_one(-ratio) - apart * apart;
      }
      to_mu = g * (alpha_at(0) * mu_at(i) + weight * to_mu);
      to_logvar = 0.5 * g * (alpha_at(0) * exp_minus_one(logvar_at(i)) + weight * to_logvar);
    }
    mu_gradient_put(i, to_mu);
    logvar_gradient_put(i, to_logvar);
  }
}
//#else
fn term(row: u32, d: u32) -> f32 {
  var own = 0.0;
  var pairs = 0.0;
  for (var m = 0u; m < p.views; m++) {
    if (!present(m, row)) {
      continue;
    }
    let i = (m * p.rows + row) * p.width + d;
    let scale = capped_exp(-0.5 * logvar_at(i));
    own += capped_square(mu_at(i)) + exp_excess(logvar_at(i));
    for (var k = m + 1u; k < p.views; k++) {
      if (!present(k, row)) {
        continue;
      }
      let j = (k * p.rows + row) * p.width + d;
      let delta = difference(mu_at(i), mu_at(j));
      let ratio = difference(logvar_at(i), logvar_at(j));
      let apart = bounded_product(delta, scale);
      let other = bounded_product(delta, capped_exp(-0.5 * logvar_at(j)));
      pairs += exp_excess(ratio) + exp_excess(-ratio) + apart * apart + other * other;
    }
  }
  return 0.5 * (alpha_at(0) * own + pair_weight(row) * pairs);
}

fn finish(row: u32, sum: f32) {
  kl_put(row, sum);
}
//#end
