// One posterior from those of M views, q_m = N(mu_m, e^logvar_m), sample by sample and dimension by dimension:
//
//   AVERAGE:  mean of the mu_m, log of the mean of the variances
//   otherwise the product of the experts in a set S of views, without a prior expert, in log space:
//             logvar = - log sum over m in S of e^-logvar_m,    mu = sum over m in S of w_m mu_m,
//             w = softmax over S of -logvar_m
//
// Which set a sample gets:
//   EVERY (poe):     all views that are present;
//   otherwise (moe, mopoe): the sample's list of components are those of `subsets` (bit sets of views, `components` of
//   them) whose views are all present; ASSIGNED: it gets number assignment[n] modulo the list's length; otherwise, by
//   batch slices, with K the length of its list, number floor(n / floor(samples / K)), at most K - 1 (K - 1 where the
//   batch is smaller than K).
// A sample with no view present gives zeros.
//
// Layouts: mu, logvar and their gradients are [views, samples, width]; joint_mu, joint_logvar and their gradients
// [samples, width]; assignment u32 [samples]. MASKED: mask [views, samples] of 0 and 1; what absent views hold is never
// read, their gradients are 0.
// BACKWARD: from the gradients of both outputs,
//   AVERAGE:   d mu_m = dmu / P,    d logvar_m = dlogvar softmax over m of logvar_m;
//   otherwise  d mu_m = w_m dmu,    d logvar_m = w_m (dlogvar - dmu (mu_m - mu)).

const LOWEST = -3.4028234e38;

fn views_present(sample: u32) -> u32 {
//#if MASKED
  var bits = 0u;
  for (var m = 0u; m < p.views; m++) {
    bits |= select(0u, 1u << m, mask_at(m * p.rows + sample) > 0.5);
  }
  return bits;
//#else
  return 0xffffffffu >> (32u - p.views);
//#end
}

//#if EVERY
fn members(sample: u32) -> u32 {
  return views_present(sample);
}
//#else
fn subset(k: u32) -> u32 {
  return p.subsets[k / 4u][k % 4u];
}

// The number of a sample's component in its list of `count`.
fn component(sample: u32, count: u32) -> u32 {
//#if ASSIGNED
  return assignment_at(sample) % count;
//#else
  let slice = p.rows / count;
  return select(min(sample / max(slice, 1u), count - 1u), count - 1u, slice == 0u);
//#end
}

fn members(sample: u32) -> u32 {
//#if MASKED
  let absent = ~views_present(sample);
  var count = 0u;
  for (var k = 0u; k < p.components; k++) {
    count += select(0u, 1u, (subset(k) & absent) == 0u);
  }
  let wanted = component(sample, max(count, 1u));
  var seen = 0u;
  var found = 0u;
  for (var k = 0u; k < p.components; k++) {
    let fits = (subset(k) & absent) == 0u;
    found = select(found, subset(k), fits && seen == wanted);
    seen += select(0u, 1u, fits);
  }
  return found;
//#else
  return subset(component(sample, p.components));
//#end
}
//#end

// What the softmax runs over: precisions of a product, variances of an average.
fn logit(i: u32) -> f32 {
//#if AVERAGE
  return logvar_at(i);
//#else
  return -logvar_at(i);
//#end
}

// e^(x - peak), 1 where x is the peak, an infinite one too.
fn relative_weight(x: f32, peak: f32) -> f32 {
  return exp(select(x - peak, 0.0, x == peak));
}

fn item(row: u32, d: u32) {
  let taken = members(row);
  let stride = p.rows * p.width;
  let at = row * p.width + d;
  var peak = LOWEST;
  for (var m = 0u; m < p.views; m++) {
    if (((taken >> m) & 1u) == 1u) {
      peak = max(peak, logit(m * stride + at));
    }
  }
  var total = 0.0;
  var mean = 0.0;
  for (var m = 0u; m < p.views; m++) {
    if (((taken >> m) & 1u) == 1u) {
      let weight = relative_weight(logit(m * stride + at), peak);
      total += weight;
//#if AVERAGE
      mean += mu_at(m * stride + at);
//#else
      mean += weight * mu_at(m * stride + at);
//#end
    }
  }
//#if AVERAGE
  let count = f32(max(countOneBits(taken), 1u));
  mean /= count;
//#else
  mean /= select(total, 1.0, taken == 0u);
//#end
//#if BACKWARD
  for (var m = 0u; m < p.views; m++) {
    let i = m * stride + at;
    var to_mu = 0.0;
    var to_logvar = 0.0;
    if (((taken >> m) & 1u) == 1u) {
      let weight = relative_weight(logit(i), peak) / total;
//#if AVERAGE
      to_mu = joint_mu_gradient_at(at) / count;
      to_logvar = joint_logvar_gradient_at(at) * weight;
//#else
      to_mu = weight * joint_mu_gradient_at(at);
      to_logvar = weight * (joint_logvar_gradient_at(at) - joint_mu_gradient_at(at) * (mu_at(i) - mean));
//#end
    }
    mu_gradient_put(i, to_mu);
    logvar_gradient_put(i, to_logvar);
  }
//#else
  joint_mu_put(at, mean);
//#if AVERAGE
  joint_logvar_put(at, select(peak + log(total / count), 0.0, taken == 0u));
//#else
  joint_logvar_put(at, select(-(peak + log(total)), 0.0, taken == 0u));
//#end
//#end
}
