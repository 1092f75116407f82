// Gradient of batch normalisation over few rows (at most ROWS), in one pass and without cancellation:
//
//   beta' = sum dy        gamma' = sum dy xhat        xhat = (x - mean) inverse
//   dx = scale (dy - mean(dy) - xhat mean(dy xhat))
//
// In a channel of few rows, dx is what little is left of scale dy without its part along 1 and most of its part along
// x - mean: of two rows, nothing but
//
//   dx = scale mean(dy xhat) xhat epsilon / (variance + epsilon)
//
// and that last part is there for any number of rows. So what is orthogonal to 1 and to x - mean is found by projecting twice
// (Giraud, Langou and Rozloznik 2005: twice is enough), which leaves errors in proportion to dx and not to dy, and the
// last part is added to it. At last dx is rounded so that it sums to zero over the rows, as it truly does: a layer below multiplies what is
// left of that sum by its weights, and hands it on as gradients of biases that are truly zero.
//
// Bindings:
//   0  dy  1 x          [rows, groups] of Value; a group is 4 neighbouring channels where Value is vec4f, else 1
//   2  moments          [2, groups]: mean, then inverse = 1 / sqrt(variance + epsilon)
//   3  scale  4 shift   [groups]; with RELU, dy counts only where x * scale + shift is positive
//   5  gammaGradient  6 betaGradient   [groups]
//   7  dx               [rows, groups]
//   8  p                groups, epsilon
// Template: VALUE and BITS, vec4f and vec4u or f32 and u32; ROWS; RELU. One invocation does one group.
//
// The rows are counted in the text. Were they a uniform, Mesa's software driver would write it into the loops each time the kernel is bound, and
// compile the kernel again, at a tenth of a second for each submit.

alias Value = {{VALUE}};
alias Bits = {{BITS}};

const ROWS = {{ROWS}}u;

struct Parameters {
  groups: u32,
  epsilon: f32,
  // See compensated.wgsl.
  zero: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<Value>;
@group(0) @binding(1) var<storage, read> x: array<Value>;
@group(0) @binding(2) var<storage, read> moments: array<Value>;
@group(0) @binding(3) var<storage, read> scale: array<Value>;
@group(0) @binding(4) var<storage, read> shift: array<Value>;
@group(0) @binding(5) var<storage, read_write> gammaGradient: array<Value>;
@group(0) @binding(6) var<storage, read_write> betaGradient: array<Value>;
@group(0) @binding(7) var<storage, read_write> dx: array<Value>;
@group(0) @binding(8) var<uniform> p: Parameters;

// x - mean, and dy, then what is left of scale dy.
var<private> centred: array<Value, ROWS>;
var<private> left: array<Value, ROWS>;

fn mean_left() -> Value {
  var sum = Sum(Value(0.0), Value(0.0));
  for (var row = 0u; row < ROWS; row++) {
    sum = added(sum, left[row]);
  }
  return value_of(sum) / f32(ROWS);
}

// Takes away the mean of what is left, then its part along `centred`, of the given squared length. Returns that part's factor.
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

// Takes from the rows what they sum to: the largest first, whose last bit is the coarsest, then from the others what is left of it. No row
// changes by more than a few last bits of the largest.
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

// Takes `share` from a row, and what rounding let it take from the excess, which is returned.
fn taken(row: u32, share: Value, excess: Value) -> Value {
  let before = left[row];
  left[row] = opaque(before - share);
  return excess - opaque(before - left[row]);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) invocation: u32,
) {
  let channel = (group.x + group.y * groups.x) * 64u + invocation;
  if (channel >= p.groups) {
    return;
  }
  let mean = moments[channel];
  let inverse = moments[p.groups + channel];
  let factor = scale[channel];
{{#if RELU}}
  let offset = shift[channel];
{{/if}}
  // The mean is rounded; what its rounding leaves in x - mean is taken out here.
  var error = Value(0.0);
  for (var row = 0u; row < ROWS; row++) {
    centred[row] = x[row * p.groups + channel] - mean;
    error += centred[row];
  }
  error /= f32(ROWS);
  var squares = Value(0.0);
  var sum = Sum(Value(0.0), Value(0.0));
  for (var row = 0u; row < ROWS; row++) {
    let at = row * p.groups + channel;
    let distance = centred[row] - error;
{{#if RELU}}
    let g = select(Value(0.0), dy[at], x[at] * factor + offset > Value(0.0));
{{else}}
    let g = dy[at];
{{/if}}
    centred[row] = distance;
    left[row] = g;
    squares += distance * distance;
    sum = added(sum, g);
  }
  betaGradient[channel] = value_of(sum);
  let level = value_of(sum) / f32(ROWS);
  var product = Sum(Value(0.0), Value(0.0));
  for (var row = 0u; row < ROWS; row++) {
    let deviation = left[row] - level;
    product = added(product, deviation * centred[row]);
    left[row] = factor * deviation;
  }
  gammaGradient[channel] = value_of(product) * inverse;
  let first = project(squares);
  let second = project(squares);
  let kept = (first + second) * (p.epsilon * inverse * inverse);
  let rest = mean_left();
  for (var row = 0u; row < ROWS; row++) {
    left[row] = (left[row] - rest) + kept * centred[row];
  }
  balance();
  for (var row = 0u; row < ROWS; row++) {
    dx[row * p.groups + channel] = left[row];
  }
}
