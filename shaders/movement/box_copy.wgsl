// Copies a box of up to six axes between two tensors with any strides: permutations, slices and concatenations.
//
//   destination[destination_base + sum_a c_a destination_step_a] = source[source_base + sum_a c_a source_step_a]
//
// for all 0 <= c_a < size_a.
//
// Operands: source and destination, whose words are copied as bits, whatever they mean. Elements are vectors of 4 words
// if the last axis is contiguous in both tensors and everything is a multiple of 4; steps, bases and the size of the
// last axis count elements. The axes are numbered from the one that varies fastest: axis a has size_a, source_step_a
// and destination_step_a. OUTER = RANK - 1; an invocation copies ITEMS elements.

fn kernel(group: u32, lane: u32) {
  let first = group * (LANES * ITEMS) + lane;
  for (var item = 0u; item < ITEMS; item++) {
    var rest = first + item * LANES;
    if (rest >= p.count) {
      return;
    }
    var read_at = p.source_base;
    var write_at = p.destination_base;
//#for A in OUTER
    let next_A = rest / p.size_A;
    let at_A = rest - next_A * p.size_A;
    read_at += at_A * p.source_step_A;
    write_at += at_A * p.destination_step_A;
    rest = next_A;
//#end
//#for A in OUTER..RANK
    read_at += rest * p.source_step_A;
    write_at += rest * p.destination_step_A;
//#end
    destination_put(write_at, source_at(read_at));
  }
}
