// What a reduction computes, one result per invocation, here sums over the last axis: y[row] = sum over k of x[row, k].
// The kernels of this family are generated, with the chain of pointwise ops that feeds them, by
// runtime/kernels/reduce/.
//
// Operands: x [rows, columns], y [rows]. Documentation, and an oracle for tests.

fn kernel(group: u32, lane: u32) {
  let row = group * LANES + lane;
  if (row >= p.rows) {
    return;
  }
  var sum = 0.0;
  for (var k = 0u; k < p.columns; k++) {
    sum += x_at(row * p.columns + k);
  }
  y_put(row, sum);
}
