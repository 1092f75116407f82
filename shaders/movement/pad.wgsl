// Places a tensor of up to six axes among zeros: `low` zeros before it along each axis, its elements `step` apart,
// zeros after it.
//
//   destination[c] = source[(c - low) / step]   where that is a whole number within the source along every axis, else 0
//
// Operands: source and destination, row-major, words that are copied as bits (a word of zeros is 0 as f32 and as u32).
// Words are vectors of 4 if the last axis and its padding are multiples of 4 and its step is 1; sizes of the last axis
// count Words. The axes are numbered from the one that varies fastest: axis a of the destination has size_a, and that
// of the source source_size_a and source_step_a, the elements from one to the next. DILATED: a step is not 1.

fn kernel(group: u32, lane: u32) {
  let write_at = group * LANES + lane;
  if (write_at >= p.count) {
    return;
  }
  var rest = write_at;
  var read_at = 0u;
  var inside = true;
//#for A in RANK
  let next_A = rest / p.size_A;
  // Before the source this wraps around to a number larger than any size.
  let distance_A = rest - next_A * p.size_A - p.low_A;
//#if DILATED
  let at_A = distance_A / p.step_A;
  inside = inside && at_A * p.step_A == distance_A;
//#else
  let at_A = distance_A;
//#end
  inside = inside && at_A < p.source_size_A;
  read_at += at_A * p.source_step_A;
  rest = next_A;
//#end
  var value = Word(0u);
  if (inside) {
    value = source_at(read_at);
  }
  destination_put(write_at, value);
}
