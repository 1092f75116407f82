// What the matrix kernels compute, one element per invocation: y[z, i, j] = sum over l of a[z, i, l] b[z, l, j].
//
// Operands: a [batches, m, k], b [batches, k, n], y [batches, m, n], `count` elements. Documentation, and an oracle for
// tests.

fn kernel(group: u32, lane: u32) {
  let at = group * LANES + lane;
  if (at >= p.count) {
    return;
  }
  let j = at % p.n;
  let row = at / p.n; // z m + i
  let z = row / p.m;
  var sum = 0.0;
  for (var l = 0u; l < p.k; l++) {
    sum += a_at(row * p.k + l) * b_at((z * p.k + l) * p.n + j);
  }
  y_put(at, sum);
}
