// Looks for values that are not finite. Each check has two words in `found`, 0 before: [0] is for NaN, [1] for
// infinity.
//
//   found[2 check + kind] = max of ~i over the values i of that kind: the complement of the first one's index
//
// A maximum of integers does not depend on the order of the invocations. Indices are below 2^32 - 1.
//
// Operands: values, f32 as their bits, because a compiler may assume that no float is NaN; found, two words a check.
// An invocation looks at VALUES values, LANES apart; with nan_only not 0 it looks for NaN only.

const INFINITY: u32 = 0x7f800000u;

fn kernel(group: u32, lane: u32) {
  let first = group * LANES * VALUES + lane;
  var nan = 0u;
  var infinite = 0u;
  for (var k = 0u; k < VALUES; k++) {
    let i = first + k * LANES;
    if (i >= p.count) {
      break;
    }
    let magnitude = values_at(i) & 0x7fffffffu;
    if (magnitude > INFINITY) {
      nan = max(nan, ~i);
    }
    if (magnitude == INFINITY && p.nan_only == 0u) {
      infinite = max(infinite, ~i);
    }
  }
  if (nan != 0u) {
    atomicMax(&found[2u * p.check], nan);
  }
  if (infinite != 0u) {
    atomicMax(&found[2u * p.check + 1u], infinite);
  }
}
