// Keeps what the checks of the first run with a value that is not finite found (see finite_check.wgsl); one invocation.
//
// Bindings:
//   0  found   two words a check, in the order in which the checks ran
//   1  record  [0], [1] the run's step, low and high word, written before every run;
//              from the first failure on: [2], [3] its step, [4] 1 + number of the first check that failed, else 0, [5] index of the value,
//              [6] 1 if it is NaN, 0 if it is infinite
//   2  p       number of checks

struct Parameters {
  checks: u32,
}

@group(0) @binding(0) var<storage, read> found: array<vec2u>;
@group(0) @binding(1) var<storage, read_write> record: array<u32>;
@group(0) @binding(2) var<uniform> p: Parameters;

@compute @workgroup_size(1)
fn main() {
  if (record[4] != 0u) {
    return;
  }
  for (var check = 0u; check < p.checks; check++) {
    let kinds = found[check];
    let first = max(kinds.x, kinds.y);
    if (first != 0u) {
      record[2] = record[0];
      record[3] = record[1];
      record[4] = check + 1u;
      record[5] = ~first;
      record[6] = select(0u, 1u, kinds.x == first);
      return;
    }
  }
}
