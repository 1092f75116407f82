// Functions that the latent kernels share. They expect `p.cap`, `p.log_cap` and `p.root_cap` in the kernel's uniforms.
//
// e^80, the variance ratio that a log variance of +-80 gives, fits a float32, but differences of log variances reach
// 160 and squared distances multiply on top. A finite term beyond `cap` therefore counts as `cap`, which is chosen so
// that a sum of all terms of a row is still finite. Inf and NaN in the inputs are not finite terms: they go through.
// What overflows on the way to a term, the difference of two means say, counts as the largest finite value.

const LARGEST = 3.4028234e38;

// e^x, at most cap for finite x.
fn capped_exp(x: f32) -> f32 {
  return select(exp(x), p.cap, x > p.log_cap && x <= LARGEST);
}

// x, at most the root of cap in size for finite x.
fn bounded(x: f32) -> f32 {
  let size = abs(x);
  return select(x, sign(x) * p.root_cap, size > p.root_cap && size <= LARGEST);
}

// a - b, finite for finite a and b.
fn difference(a: f32, b: f32) -> f32 {
  let half = 0.5 * a - 0.5 * b;
  return select(a - b, sign(half) * LARGEST, abs(a - b) > LARGEST && abs(half) <= LARGEST);
}

// x scale, at most the root of cap in size for finite factors.
fn bounded_product(x: f32, scale: f32) -> f32 {
  let product = x * scale;
  let is_finite = abs(x) <= LARGEST && scale <= LARGEST;
  return select(product, sign(x) * p.root_cap, is_finite && abs(product) > p.root_cap);
}

// x^2, at most cap for finite x.
fn capped_square(x: f32) -> f32 {
  return bounded(x) * bounded(x);
}

// (e^x - 1 - x) for |x| < 1/2 by its series, where the difference would cancel.
fn excess_series(x: f32) -> f32 {
  let tail = 1.0 + x / 5.0 * (1.0 + x / 6.0 * (1.0 + x / 7.0 * (1.0 + x / 8.0)));
  return 0.5 * x * x * (1.0 + x / 3.0 * (1.0 + x / 4.0 * tail));
}

// e^x - 1 - x, which is never negative: twice the KL divergence between centred normals whose log variances differ by
// x. At most cap for finite x.
fn exp_excess(x: f32) -> f32 {
  let excess = select(capped_exp(x) - 1.0 - x, p.cap, abs(x) > p.cap && abs(x) <= LARGEST);
  return select(excess, excess_series(x), abs(x) < 0.5);
}

// log(1 + x); for |x| < 1/2 by 2 atanh(x / (2 + x)), where 1 + x would round x away.
fn log_one_plus(x: f32) -> f32 {
  let s = x / (2.0 + x);
  let q = s * s;
  let tail = 1.0 / 9.0 + q * (1.0 / 11.0 + q * (1.0 / 13.0 + q * (1.0 / 15.0)));
  let series = 2.0 * s * (1.0 + q * (1.0 / 3.0 + q * (1.0 / 5.0 + q * (1.0 / 7.0 + q * tail))));
  return select(log(1.0 + x), series, abs(x) < 0.5);
}

// e^x - 1.
fn exp_minus_one(x: f32) -> f32 {
  return select(capped_exp(x) - 1.0, x + excess_series(x), abs(x) < 0.5);
}
