// Normals q = N(mu, e^logvar) against N(0, I), with or without a draw from them (SAMPLE), row by row:
//
//   z = mu + e^(logvar / 2) eps
//   kl[row] = 1/2 sum over d of (mu^2 + e^logvar - 1 - logvar)
//
// Layouts: mu, logvar, eps, z and their gradients are [rows, width]; kl and its gradient are [rows].
// MASKED: mask [rows] of 0 and 1; a row with 0 gives zeros whatever it holds.
// BACKWARD: from the gradients of z (SAMPLE) and kl those of mu and logvar,
//
//   d mu = dz + dkl mu        d logvar = dz eps e^(logvar / 2) / 2 + dkl (e^logvar - 1) / 2

//#if BACKWARD

//#else

//#end

fn present(row: u32) -> bool {
//#if MASKED
  return mask_at(row) > 0.5;
//#else
  return true;
//#end
}

//#if BACKWARD
fn item(row: u32, d: u32) {
  let i = row * p.width + d;
  if (!present(row)) {
    mu_gradient_put(i, 0.0);
    logvar_gradient_put(i, 0.0);
    return;
  }
  let g = kl_gradient_at(row);
  var to_mu = g * mu_at(i);
  var to_logvar = 0.5 * g * exp_minus_one(logvar_at(i));
//#if SAMPLE
  to_mu += z_gradient_at(i);
  to_logvar += 0.5 * z_gradient_at(i) * eps_at(i) * capped_exp(0.5 * logvar_at(i));
//#end
  mu_gradient_put(i, to_mu);
  logvar_gradient_put(i, to_logvar);
}
//#else
fn term(row: u32, d: u32) -> f32 {
  let i = row * p.width + d;
  if (!present(row)) {
//#if SAMPLE
    z_put(i, 0.0);
//#end
    return 0.0;
  }
//#if SAMPLE
  z_put(i, mu_at(i) + capped_exp(0.5 * logvar_at(i)) * eps_at(i));
//#end
  return 0.5 * (capped_square(mu_at(i)) + exp_excess(logvar_at(i)));
}

fn finish(row: u32, sum: f32) {
  kl_put(row, sum);
}
//#end
