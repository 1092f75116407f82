// What a fused chain of pointwise ops computes, one element per invocation, here for y = exp(x scale + shift) with the
// scale and shift of each column broadcast over the rows.
//
// Operands: x, y [rows, columns]; scale, shift [columns]. Documentation, and an oracle for tests.

fn kernel(group: u32, lane: u32) {
  let i = group * LANES + lane;
  if (i >= p.rows * p.columns) {
    return;
  }
  let column = i % p.columns;
  y_put(i, exp(x_at(i) * scale_at(column) + shift_at(column)));
}
