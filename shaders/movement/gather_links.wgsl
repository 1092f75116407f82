// Gradient of gather, first of two passes: zeros, and for each index the place of the next equal one.
//
// A float cannot be added atomically, and should not be: the order would change from run to run. So equal indices are
// chained, in the order in which they lie, and one invocation of the second pass adds up the whole chain. Each
// invocation reads the list of indices at most once.
//
// Operands: indices [count]; links [count]: the place of the next equal index, or count, with the highest bit set for
// the first index of a row; out [size], set to zero.

fn kernel(group: u32, lane: u32) {
  let job = group * LANES + lane;
  if (job < p.size) {
    out_put(job, 0.0);
  }
  if (job >= p.count) {
    return;
  }
  let index = indices_at(job);
  var before = 0u;
  while (before < job && indices_at(before) != index) {
    before++;
  }
  var after = job + 1u;
  while (after < p.count && indices_at(after) != index) {
    after++;
  }
  links_put(job, after | select(0u, 0x80000000u, before == job && index < p.rows));
}
