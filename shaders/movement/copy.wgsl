// Copies words: destination[i] = source[i] for i < count.
//
// Operands: source and destination, 32-bit words of any type.

fn kernel(group: u32, lane: u32) {
  let i = group * LANES + lane;
  if (i < p.count) {
    destination_put(i, source_at(i));
  }
}
