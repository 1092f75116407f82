// Adds up partial results on a GPU in a fixed order: y[i] = sum over s of x[s, i]. GROUPS lanes take a group of shares
// each, and the first of them adds the groups' sums.
//
// Operands: x [shares, count], y [count], in vectors or scalars (Value). A workgroup computes LANES / GROUPS elements.

const elements = LANES / GROUPS;

//#if GROUPED
var<workgroup> sums: array<Value, LANES>;
//#end

fn kernel(group: u32, lane: u32) {
  // Neighbours read neighbouring elements.
  let i = group * elements + lane % elements;
  let begin = lane / elements * p.shares_a_group;
  let end = min(begin + p.shares_a_group, p.shares);
  var sum = Value(0.0);
  if (i < p.count) {
    // Several loads at a time, so that their latencies overlap; a load past the last share is not added.
    for (var s = begin; s < end; s += 4u) {
//#for I in 4
      let part_I = x_at(min(s + I, p.shares - 1u) * p.count + i);
//#end
      sum += part_0;
//#for I in 1..4
      sum = select(sum, sum + part_I, s + I < end);
//#end
    }
  }
//#if GROUPED
  sums[lane] = sum;
  workgroupBarrier();
  if (lane < elements) {
//#for G in 1..GROUPS
    sum += sums[G * elements + lane];
//#end
  }
//#end
  if (lane < elements && i < p.count) {
    y_put(i, sum);
  }
}
