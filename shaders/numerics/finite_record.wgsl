// Keeps what the checks of the first run with a value that is not finite found (see finite_check.wgsl); one invocation.
//
// Operands: found, two words a check, in the order in which the checks ran; record:
//   [0], [1] the run's step, low and high word, written before every run; from the first failure on
//   [2], [3] its step, [4] 1 + number of the first check that failed, else 0, [5] index of the value,
//   [6] 1 if it is NaN, 0 if it is infinite

fn kernel(group: u32, lane: u32) {
  if (record_at(4) != 0u) {
    return;
  }
  for (var check = 0u; check < p.checks; check++) {
    let kinds = found_at(check);
    let first = max(kinds.x, kinds.y);
    if (first != 0u) {
      record_put(2, record_at(0));
      record_put(3, record_at(1));
      record_put(4, check + 1u);
      record_put(5, ~first);
      record_put(6, select(0u, 1u, kinds.x == first));
      return;
    }
  }
}
