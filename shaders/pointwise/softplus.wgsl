// log(1 + e^x) = max(x, 0) + log(1 + t) with t = e^-|x| in [0, 1], and log(1 + t) = 2 atanh(s) with s = t / (2 + t),
// at most 1/3: eight terms of the series, with nothing to cancel however small t is. NaN stays NaN.
fn softplus_of(x: T) -> T {
  let t = exp(-abs(x));
  let s = t / (T(2.0) + t);
  let q = s * s;
  let low = T(1.0 / 9.0) + q * (T(1.0 / 11.0) + q * (T(1.0 / 13.0) + q * T(1.0 / 15.0)));
  let high = T(1.0) + q * (T(1.0 / 3.0) + q * (T(1.0 / 5.0) + q * (T(1.0 / 7.0) + q * low)));
  return select(x, T(0.0), x <= T(0.0)) + T(2.0) * s * high;
}
