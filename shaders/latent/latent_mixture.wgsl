// Log density of draws z_m under the mixture of the posteriors q_k = N(mu_k, e^logvar_k) of all views that are present:
//
//   logq[m, n] = log (1/P sum over k of q_k(z_m))
//   log q_k(z) = -1/2 sum over d of (log 2 pi + logvar_k + (z - mu_k)^2 e^-logvar_k)
//   weights[m, k, n] = q_k(z_m) / sum over k' of q_k'(z_m)
//
// by logsumexp, so that densities far below float32's range count. Absent views have no weight, and logq 0 of their
// own.
//
// RATIO: how much denser a view's own posterior is there than the mixture,
//
//   logq[m, n] = log q_m(z_m) - log (1/P sum over k of q_k(z_m))
//   weights[m, k, n] = (1 if m = k, else 0) - weight as above
//
// from the differences log q_k(z) - log q_m(z) term by term, in which the densities' common part does not round. The
// weights are such that the backward pass is the negative of the one without RATIO.
//
// Layouts: z, mu, logvar and their gradients are [views, samples, width]; logq and its gradient [views, samples];
// weights [views, views, samples]. MASKED (forward): mask [views, samples] of 0 and 1. Forward: a row is a pair (m, n).
// SHARED (profile gpu): a workgroup a row, lanes along the latent axis, tree sum in workgroup memory. Otherwise
// (profile software): a row an invocation.
// BACKWARD: by element; a row is a sample. From the gradient of logq and the weights, with s_k = (z_m - mu_k)
// e^-logvar_k,
//
//   d z_m = - dlogq_m sum over k of w_mk s_k
//   d mu_k = sum over m of dlogq_m w_mk s_k
//   d logvar_k = sum over m of dlogq_m w_mk ((z_m - mu_k) s_k - 1) / 2
//
// A pair of no weight is skipped, so that nothing an absent view holds gets through.

const LOG_TWO_PI = 1.8378770664093453;

//#if BACKWARD
//#else

//#end

//#if BACKWARD
// (z - mu) e^(-logvar / 2).
fn standardised(draw: u32, expert: u32) -> f32 {
  return bounded_product(difference(z_at(draw), mu_at(expert)), capped_exp(-0.5 * logvar_at(expert)));
}

fn item(row: u32, d: u32) {
  for (var m = 0u; m < p.views; m++) {
    let i = (m * p.samples + row) * p.width + d;
    var to_z = 0.0;
    var to_mu = 0.0;
    var to_logvar = 0.0;
    for (var k = 0u; k < p.views; k++) {
      let j = (k * p.samples + row) * p.width + d;
      // This view's draw under the other posterior ...
      let given = weights_at((m * p.views + k) * p.samples + row);
      if (given != 0.0) {
        let g = logq_gradient_at(m * p.samples + row) * given;
        to_z -= g * standardised(i, j) * capped_exp(-0.5 * logvar_at(j));
      }
      // ... and the other draw under this view's posterior.
      let taken = weights_at((k * p.views + m) * p.samples + row);
      if (taken != 0.0) {
        let g = logq_gradient_at(k * p.samples + row) * taken;
        let t = standardised(j, i);
        to_mu += g * t * capped_exp(-0.5 * logvar_at(i));
        to_logvar += 0.5 * g * (t * t - 1.0);
      }
    }
    z_gradient_put(i, to_z);
    mu_gradient_put(i, to_mu);
    logvar_gradient_put(i, to_logvar);
  }
}
//#else

fn present(view: u32, sample: u32) -> bool {
//#if MASKED
  return mask_at(view * p.samples + sample) > 0.5;
//#else
  return true;
//#end
}

// The draw i, standardised by the posterior j.
fn standardised(i: u32, j: u32) -> f32 {
  return bounded_product(difference(z_at(i), mu_at(j)), capped_exp(-0.5 * logvar_at(j)));
}

// One term of log q_k(z_m), with `draw` and `expert` the rows of z_m and of q_k; RATIO: of log q_k(z_m) - log q_m(z_m).
fn term(draw: u32, expert: u32, d: u32) -> f32 {
  let i = draw * p.width + d;
  let j = expert * p.width + d;
  let t = standardised(i, j);
//#if RATIO
  let own = standardised(i, i);
  let ratio = difference(logvar_at(j), logvar_at(i));
  // t - own; where the two are close, from the differences of means and of scales, which round less.
  let shift = bounded_product(difference(mu_at(i), mu_at(j)), capped_exp(-0.5 * logvar_at(j)));
  let near = shift + own * exp_minus_one(-0.5 * ratio);
  return -0.5 * (ratio + select(t - own, near, abs(ratio) < 0.5) * (t + own));
//#else
  return -0.5 * (LOG_TWO_PI + logvar_at(j) + t * t);
//#end
}

// Keeps log q_k(z_m) for the end.
fn keep(row: u32, k: u32, value: f32) {
  weights_put(slot(row, k), value);
}

fn slot(row: u32, k: u32) -> u32 {
  return ((row / p.samples) * p.views + k) * p.samples + row % p.samples;
}

fn finish(row: u32) {
  let sample = row % p.samples;
  let view = row / p.samples;
  let counts = present(view, sample);
  var peak = -LARGEST;
  for (var k = 0u; k < p.views; k++) {
    let value = weights_at(slot(row, k));
    // Not max(), which may swallow a NaN.
    peak = select(peak, value, present(k, sample) && !(value <= peak));
  }
  var sum = 0.0;
//#if RATIO
  var others = 0.0;
  var excess = 0.0;
//#end
  var count = 0u;
  for (var k = 0u; k < p.views; k++) {
    if (present(k, sample)) {
      let weight = exp(weights_at(slot(row, k)) - peak);
      sum += weight;
//#if RATIO
      others += select(weight, 0.0, k == view);
      excess += exp_minus_one(weights_at(slot(row, k)));
//#end
      count++;
    }
  }
  for (var k = 0u; k < p.views; k++) {
    let here = slot(row, k);
//#if RATIO
    let weight = select(-exp(weights_at(here) - peak), others, k == view) / sum;
//#else
    let weight = exp(weights_at(here) - peak) / sum;
//#end
    weights_put(here, select(0.0, weight, counts && present(k, sample)));
  }
//#if RATIO
  let total = f32(max(count, 1u));
  let ratio = select(peak + log(sum / total), log_one_plus(excess / total), peak < 0.5);
  logq_put(row, select(0.0, -ratio, counts));
//#else
  logq_put(row, select(0.0, peak + log(sum) - log(f32(max(count, 1u))), counts));
//#end
}

//#if SHARED
var<workgroup> partial: array<f32, LANES>;

fn kernel(group: u32, lane: u32) {
  let row = group;
  let sample = row % p.samples;
  for (var k = 0u; k < p.views; k++) {
    var sum = 0.0;
    if (row < p.rows && present(row / p.samples, sample) && present(k, sample)) {
      for (var d = lane; d < p.width; d += LANES) {
        sum += term(row, k * p.samples + sample, d);
      }
    }
    partial[lane] = sum;
    workgroupBarrier();
    for (var stride = LANES / 2u; stride > 0u; stride /= 2u) {
      if (lane < stride) {
        partial[lane] += partial[lane + stride];
      }
      workgroupBarrier();
    }
    if (lane == 0u && row < p.rows) {
      keep(row, k, partial[0]);
    }
    workgroupBarrier();
  }
  if (lane == 0u && row < p.rows) {
    finish(row);
  }
}
//#else
fn kernel(group: u32, lane: u32) {
  let row = group * LANES + lane;
  if (row >= p.rows) {
    return;
  }
  let sample = row % p.samples;
  for (var k = 0u; k < p.views; k++) {
    var total = 0.0;
    if (present(row / p.samples, sample) && present(k, sample)) {
      for (var start = 0u; start < p.width; start += 64u) {
        let end = min(start + 64u, p.width);
        var sum = 0.0;
        for (var d = start; d < end; d++) {
          sum += term(row, k * p.samples + sample, d);
        }
        total += sum;
      }
    }
    keep(row, k, total);
  }
  finish(row);
}
//#end
//#end
