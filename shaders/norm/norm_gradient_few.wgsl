// Gradient of batch normalisation over few rows (at most 16), in one pass and without cancellation:
//
//   beta' = sum dy        gamma' = sum dy xhat        xhat = (x - mean) inverse
//   dx = scale (dy - mean(dy) - xhat mean(dy xhat))
//
// In a channel of few rows, dx is what little is left of scale dy without its component along 1 and most of its
// component along x - mean: of two rows, only
//
//   dx = scale mean(dy xhat) xhat epsilon / (variance + epsilon)
//
// and that last part is there for any number of rows. So what is orthogonal to 1 and to x - mean is found by projecting
// twice (Giraud, Langou and Rozloznik 2005: twice is enough), which leaves errors in proportion to dx and not to dy,
// and the last part is added to it. Finally dx is rounded so that it sums to zero over the rows, as it truly does: a
// layer below multiplies what is left of that sum by its weights, and passes it on as gradients of biases that are
// truly zero.
//
// Operands: dy, x, dx [rows, groups] of Value, where a group is 4 neighbouring channels if Value is vec4f, else 1;
// moments [2, groups]: mean, then inverse = 1 / sqrt(variance + epsilon); scale, shift, gamma_gradient, beta_gradient
// [groups]. With RELU, dy counts only where x * scale + shift is positive. One invocation computes one group.
//
// The number of rows is the constant ROWS: as a uniform, lavapipe would specialise the loops for it each time the
// kernel is bound, and compile the kernel again, at a tenth of a second for each submit.

// x - mean; and dy, then what is left of scale dy.
var<private> centred: array<Value, ROWS>;
var<private> left: array<Value, ROWS>;

fn mean_left() -> Value {
  var sum = Sum(Value(0.0), Value(0.0));
  for (var row = 0u; row < ROWS; row++) {
    sum = added(sum, left[row]);
  }
  return value_of(sum) / f32(ROWS);
}

// Subtracts the mean of what is left, then its projection on `centred`, of the given squared length. Returns the factor
// of that projection.
fn project(squares: Value) -> Value {
  let mean = mean_left();
  var sum = Sum(Value(0.0), Value(0.0));
  for (var row = 0u; row < ROWS; row++) {
    left[row] -= mean;
    sum = added(sum, left[row] * centred[row]);
  }
  // A constant channel has nothing along `centred`.
  let factor = select(Value(0.0), value_of(sum) / squares, squares > Value(0.0));
  for (var row = 0u; row < ROWS; row++) {
    left[row] -= factor * centred[row];
  }
  return factor;
}

// Subtracts from the rows what they sum to: first from the largest, whose last bit is the coarsest, then the remainder
// from the others. No row changes by more than a few last bits of the largest.
fn balance() {
  var sum = Sum(Value(0.0), Value(0.0));
  var peak = Value(0.0);
  for (var row = 0u; row < ROWS; row++) {
    sum = added(sum, left[row]);
    peak = max(peak, abs(left[row]));
  }
  var excess = value_of(sum);
  for (var row = 0u; row < ROWS; row++) {
    excess = taken(row, select(Value(0.0), excess, abs(left[row]) == peak), excess);
  }
  for (var row = 0u; row < ROWS; row++) {
    excess = taken(row, excess, excess);
  }
}

// Subtracts `share` from a row, and from the excess, which is returned, what the row changed by after rounding.
fn taken(row: u32, share: Value, excess: Value) -> Value {
  let before = left[row];
  left[row] = opaque(before - share);
  return excess - opaque(before - left[row]);
}

fn kernel(group: u32, lane: u32) {
  let channel = group * LANES + lane;
  if (channel >= p.groups) {
    return;
  }
  let mean = moments_at(channel);
  let inverse = moments_at(p.groups + channel);
  let factor = scale_at(channel);
//#if RELU
  let offset = shift_at(channel);
//#end
  // The mean is rounded; what its rounding leaves in x - mean is taken out here.
  var error = Value(0.0);
  for (var row = 0u; row < ROWS; row++) {
    centred[row] = x_at(row * p.groups + channel) - mean;
    error += centred[row];
  }
  error /= f32(ROWS);
  var squares = Value(0.0);
  var sum = Sum(Value(0.0), Value(0.0));
  for (var row = 0u; row < ROWS; row++) {
    let at = row * p.groups + channel;
    let distance = centred[row] - error;
//#if RELU
    let g = select(Value(0.0), dy_at(at), x_at(at) * factor + offset > Value(0.0));
//#else
    let g = dy_at(at);
//#end
    centred[row] = distance;
    left[row] = g;
    squares += distance * distance;
    sum = added(sum, g);
  }
  beta_gradient_put(channel, value_of(sum));
  let level = value_of(sum) / f32(ROWS);
  var product = Sum(Value(0.0), Value(0.0));
  for (var row = 0u; row < ROWS; row++) {
    let deviation = left[row] - level;
    product = added(product, deviation * centred[row]);
    left[row] = factor * deviation;
  }
  gamma_gradient_put(channel, value_of(product) * inverse);
  let first = project(squares);
  let second = project(squares);
  let kept = (first + second) * (p.epsilon * inverse * inverse);
  let rest = mean_left();
  for (var row = 0u; row < ROWS; row++) {
    left[row] = (left[row] - rest) + kept * centred[row];
  }
  balance();
  for (var row = 0u; row < ROWS; row++) {
    dx_put(row * p.groups + channel, left[row]);
  }
}
