// Gradient of gather, last of its passes: out[i] = sum over ranges of partial[range, i], in order.
//
// Operands: partial [ranges, size]; out [size].

fn kernel(group: u32, lane: u32) {
  let i = group * LANES + lane;
  if (i >= p.size) {
    return;
  }
  var sum = partial_at(i);
  for (var range = 1u; range < p.ranges; range++) {
    sum += partial_at(range * p.size + i);
  }
  out_put(i, sum);
}
