// Gradient of gather, first of two passes: zeros, and for each index the place of the next equal one.
//
// A float cannot be added atomically, and should not be: the order would change from run to run. So equal indices are
// chained, in the order in which they lie, and one invocation of the second pass adds up the whole chain. Each
// invocation reads the list of indices at most once.
//
// Bindings:
//   0  indices  [count]
//   1  links    [count]: place of the next equal index, or count; the highest bit is set where none before is equal
//     and it is a row
//   2  out      [size] words, set to zero
//   3  p        rows, count, size

struct Parameters {
  rows: u32,
  count: u32,
  size: u32,
}

@group(0) @binding(0) var<storage, read> indices: array<u32>;
@group(0) @binding(1) var<storage, read_write> links: array<u32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
@group(0) @binding(3) var<uniform> p: Parameters;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) invocation: u32,
) {
  let job = (group.x + group.y * groups.x) * 64u + invocation;
  if (job < p.size) {
    out[job] = 0.0;
  }
  if (job >= p.count) {
    return;
  }
  let index = indices[job];
  var before = 0u;
  while (before < job && indices[before] != index) {
    before++;
  }
  var after = job + 1u;
  while (after < p.count && indices[after] != index) {
    after++;
  }
  links[job] = after | select(0u, 0x80000000u, before == job && index < p.rows);
}
