// Adds up the gradients of a step's micro-batches, in a slab:
//
//   total = total + weight values           (from zero for the first micro-batch, whatever total holds)
//
// Operands: total and values are slabs of one layout, flat vectors of 4; total is updated in place. `hyper`: [0] weight,
// [1] not 0 for the first micro-batch.

fn kernel(group: u32, lane: u32) {
  let i = group * LANES + lane;
  if (i >= p.vectors) {
    return;
  }
  let before = select(total_at(i), vec4f(0.0), hyper_at(1) != 0.0);
  total_put(i, before + hyper_at(0) * values_at(i));
}
