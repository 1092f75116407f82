// The hyperbolic tangent to float32's relative precision: near 0 by the odd polynomial of Cephes' tanhf() (Moshier),
// elsewhere 1 - 2 / (e^2|x| + 1). Drivers' tanh() cancels near 0, and overflows or drops NaN far from it.
fn tanh_of(x: T) -> T {
  let size = select(abs(x), T(10.0), abs(x) > T(10.0));
  let far = T(1.0) - T(2.0) / (exp(size + size) + T(1.0));
  let z = x * x;
  let series = (((T(-5.70498872745e-3) * z + T(2.06390887954e-2)) * z - T(5.37397155531e-2)) * z +
    T(1.33314422036e-1)) * z - T(3.33332819422e-1);
  let near = x + x * (z * series);
  return select(near, select(far, -far, x < T(0.0)), size >= T(0.625));
}
