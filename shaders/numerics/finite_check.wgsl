// Looks for values that are not finite. Each check has two words in `found`, 0 before: [0] tells of NaN, [1] of an infinity.
//
//   found[2 check + kind] = max of ~i over the values i of that kind: the complement of the first one's index
//
// A maximum of integers does not depend on the order of the invocations. Indices are below 2^32 - 1.
//
// Bindings:
//   0  values  f32, as their bits: a compiler may take it that no float is NaN
//   1  found   two words a check
//   2  p       number of values, number of the check, 1 to look for NaN only

struct Parameters {
  count: u32,
  check: u32,
  nan_only: u32,
}

@group(0) @binding(0) var<storage, read> values: array<u32>;
@group(0) @binding(1) var<storage, read_write> found: array<atomic<u32>>;
@group(0) @binding(2) var<uniform> p: Parameters;

override LANES: u32 = 64;
// Values that an invocation looks at, LANES apart.
override VALUES: u32 = 64;

const INFINITY: u32 = 0x7f800000u;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let first = (group.x + group.y * groups.x) * LANES * VALUES + lane;
  var nan = 0u;
  var infinite = 0u;
  for (var k = 0u; k < VALUES; k++) {
    let i = first + k * LANES;
    if (i >= p.count) {
      break;
    }
    let magnitude = values[i] & 0x7fffffffu;
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
