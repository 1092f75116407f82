// What the kernels that move elements do, one element per invocation, here for tensors of three axes: element (a, b, c)
// of the destination, row-major of the given sizes, is the element of the source at
// base + a step_a + b step_b + c step_c. Slices choose the base, and permutations the order of the steps.
//
// Operands: source and destination, words that are copied as bits. Documentation, and an oracle for tests.

fn kernel(group: u32, lane: u32) {
  let i = group * LANES + lane;
  if (i >= p.size_a * p.size_b * p.size_c) {
    return;
  }
  let a = i / p.size_c / p.size_b;
  let b = i / p.size_c % p.size_b;
  let c = i % p.size_c;
  destination_put(i, source_at(p.base + a * p.step_a + b * p.step_b + c * p.step_c));
}
