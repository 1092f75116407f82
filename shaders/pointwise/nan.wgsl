// True where x is NaN. By its bits: compilers may assume that floats are never NaN and fold x != x to false.
fn is_nan(x: T) -> B {
  return (bitcast<U>(x) & U(0x7fffffffu)) > U(0x7f800000u);
}
