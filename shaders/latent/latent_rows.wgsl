// Skeleton of the latent kernels that sum over the latent axis: finish(row, sum over d of term(row, d)) for every row.
// Another file defines `term` and `finish`; p.width is the number of latent dimensions.
//
// SHARED (profile gpu): a workgroup a row, lanes along the latent axis, tree sum in workgroup memory.
// Otherwise (profile software): a row an invocation, no workgroup memory; sums of 64 terms are summed, which keeps
// rounding errors small.

//#if SHARED
var<workgroup> partial: array<f32, LANES>;

fn kernel(group: u32, lane: u32) {
  let row = group;
  var sum = 0.0;
  if (row < p.rows) {
    for (var d = lane; d < p.width; d += LANES) {
      sum += term(row, d);
    }
  }
  partial[lane] = sum;
  workgroupBarrier();
  for (var stride = LANES / 2u; stride > 0u; stride /= 2u) {
    if (lane < stride) {
      partial[lane] += partial[lane + stride];
    }
    workgroupBarrier();
  }
  if (lane == 0u && row < p.rows) {
    finish(row, partial[0]);
  }
}
//#else
fn kernel(group: u32, lane: u32) {
  let row = group * LANES + lane;
  if (row >= p.rows) {
    return;
  }
  var total = 0.0;
  for (var start = 0u; start < p.width; start += 64u) {
    let end = min(start + 64u, p.width);
    var sum = 0.0;
    for (var d = start; d < end; d++) {
      sum += term(row, d);
    }
    total += sum;
  }
  finish(row, total);
}
//#end
