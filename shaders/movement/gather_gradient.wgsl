// Gradient of gather, second of two passes: out[row] = sum of dy[i] over all i with indices[i] = row, in ascending
// order of i. Rows without an index are zero from the first pass (gather_links.wgsl).
//
// Operands: dy [count, groups], where a group is 4 neighbouring columns or 1; indices and links [count]; out [rows,
// groups].

fn kernel(group: u32, lane: u32) {
  let job = group * LANES + lane;
  let first = job / p.groups;
  if (first >= p.count || links_at(first) < 0x80000000u) {
    return;
  }
  let column = job - first * p.groups;
  var sum = dy_at(job);
  for (var i = links_at(first) & 0x7fffffffu; i < p.count; i = links_at(i) & 0x7fffffffu) {
    sum += dy_at(i * p.groups + column);
  }
  out_put(indices_at(first) * p.groups + column, sum);
}
