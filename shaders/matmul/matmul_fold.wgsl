// Adds up partial results in a fixed order: y[i] = sum over s of x[s, i].
//
// Operands: x [splits, count], y [count], in vectors or scalars. One invocation computes one element.

fn kernel(group: u32, lane: u32) {
  let i = group * LANES + lane;
  if (i >= p.count) {
    return;
  }
  var sum = x_at(i);
  for (var s = 1u; s < p.splits; s++) {
    sum += x_at(s * p.count + i);
  }
  y_put(i, sum);
}
