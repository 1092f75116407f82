// What the check of numbers finds, by one invocation for all values: the complements of the index of the first NaN and
// of the first infinity, and 0 for a kind of which there is none.
//
// Operands: values, f32 as their bits; found [2]. Documentation, and an oracle for tests.

fn kernel(group: u32, lane: u32) {
  var nan = 0u;
  var infinite = 0u;
  for (var i = 0u; i < p.count; i++) {
    let magnitude = values_at(i) & 0x7fffffffu;
    nan = select(nan, ~i, nan == 0u && magnitude > 0x7f800000u);
    infinite = select(infinite, ~i, infinite == 0u && magnitude == 0x7f800000u);
  }
  found_put(0, nan);
  found_put(1, infinite);
}
