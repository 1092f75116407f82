// a^b by the rules of C's pow(), which NumPy, PyTorch and JAX follow; WGSL defines pow() for a > 0 alone.
//
// For |b| < 64 the whole part of the exponent is applied by repeated multiplication: whole powers are products, and
// the error of 2^(b log2 a), which grows with b log2 a, is left to the fraction.

fn power_of_size(size: T, exponent: T) -> T {
  let whole = trunc(min(exponent, T(63.0)));
  let fraction = exponent - whole;
  var bits = U(whole);
  var product = T(1.0);
  var factor = size;
  for (var i = 0u; i < 6u; i++) {
    product *= select(T(1.0), factor, (bits & U(1u)) == U(1u));
    factor *= factor;
    bits >>= U(1u);
  }
  return product * select(pow(size, fraction), T(1.0), fraction == T(0.0));
}

fn power(a: T, b: T) -> T {
  // Of variables: WGSL forbids constant expressions that are infinite or NaN, and browsers refuse to compile them.
  var infinity_bits = U(0x7f800000u);
  var nan_bits = U(0x7fc00000u);
  let infinity = bitcast<T>(infinity_bits);
  let size = abs(a);
  let exponent = abs(b);
  // For a positive exponent; the limits are those of the size alone.
  let small = (size < T(1.0)) & (exponent == infinity);
  let large = ((size > T(1.0)) & (exponent == infinity)) | (size == infinity);
  var y = select(power_of_size(size, min(exponent, T(1e9))), T(0.0), small | (size == T(0.0)));
  y = select(y, infinity, large);
  y = select(y, T(1.0), size == T(1.0));
  // A negative exponent; 1 / 0 is left to no driver.
  y = select(y, select(select(T(1.0) / y, T(0.0), y == infinity), infinity, y == T(0.0)), b < T(0.0));
  // A negative base, -0 included: odd exponents keep its sign, and fractions are undefined but for 0 and infinity.
  let is_negative = (bitcast<U>(a) & U(0x80000000u)) != U(0u);
  let is_whole = floor(b) == b;
  let is_odd = is_whole & (floor(b * T(0.5)) * T(2.0) != b);
  y = select(y, -y, is_negative & is_odd);
  let is_defined = is_whole | (size == T(0.0)) | (size == infinity);
  let nan = bitcast<T>(nan_bits);
  y = select(y, nan, is_negative & !is_defined);
  y = select(y, a + b, is_nan(a) | is_nan(b));
  return select(y, T(1.0), (b == T(0.0)) | (a == T(1.0)));
}
