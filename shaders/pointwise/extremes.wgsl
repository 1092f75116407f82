// The larger and the smaller of two numbers; NaN if either is NaN, where WGSL's max() and min() may drop it.
fn larger(a: T, b: T) -> T {
  return select(max(a, b), a + b, is_nan(a) | is_nan(b));
}

fn smaller(a: T, b: T) -> T {
  return select(min(a, b), a + b, is_nan(a) | is_nan(b));
}
