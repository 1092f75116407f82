// Gradient of gather, third of its passes: out[range, row] = sum of dy[i] over all i in the range's blocks with
// indices[i] = row, in ascending order of i; see gather_chains.wgsl.
//
// Operands: dy [count, groups], where a group is 4 neighbouring columns or 1; heads [blocks, rows] and links [count];
// out [ranges, rows, groups].

fn kernel(group: u32, lane: u32) {
  let job = group * LANES + lane;
  let column = job % p.groups;
  let row = job / p.groups % p.rows;
  let range = job / p.groups / p.rows;
  if (range >= p.ranges) {
    return;
  }
  let end = min((range + 1u) * p.blocks_per_range, p.blocks);
  var sum = Value(0.0);
  for (var block = range * p.blocks_per_range; block < end; block++) {
    for (var place = heads_at(block * p.rows + row); place > 0u; place = links_at(place - 1u)) {
      sum += dy_at((place - 1u) * p.groups + column);
    }
  }
  out_put(job, sum);
}
