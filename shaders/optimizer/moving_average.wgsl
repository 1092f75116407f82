// Exponential moving average of a slab:
//
//   average = average + rate (values - average)           (values themselves if rate is 1)
//
// Operands: average and values are slabs of one layout, flat vectors of 4; average is updated in place. `hyper`: [0]
// rate, 1 - decay.

fn kernel(group: u32, lane: u32) {
  let i = group * LANES + lane;
  if (i >= p.vectors) {
    return;
  }
  let before = average_at(i);
  let value = values_at(i);
  average_put(i, select(before + hyper_at(0) * (value - before), value, hyper_at(0) == 1.0));
}
