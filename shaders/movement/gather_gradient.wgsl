// Gradient of gather, second of two passes: out[row] = sum of dy[i] over all i with indices[i] = row, in ascending
// order of i. Rows without an index are zero from the first pass (gather_links.wgsl).
//
// Bindings:
//   0  dy       [count, groups] of Value; a group is 4 neighbouring columns where Value is vec4f, else 1
//   1  indices  [count]
//   2  links    [count], see gather_links.wgsl
//   3  out      [rows, groups]
//   4  p        groups, count
// Template: VALUE, vec4f or f32.

struct Parameters {
  groups: u32,
  count: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<{{VALUE}}>;
@group(0) @binding(1) var<storage, read> indices: array<u32>;
@group(0) @binding(2) var<storage, read> links: array<u32>;
@group(0) @binding(3) var<storage, read_write> out: array<{{VALUE}}>;
@group(0) @binding(4) var<uniform> p: Parameters;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) invocation: u32,
) {
  let job = (group.x + group.y * groups.x) * 64u + invocation;
  let first = job / p.groups;
  if (first >= p.count || links[first] < 0x80000000u) {
    return;
  }
  let column = job - first * p.groups;
  var sum = dy[job];
  for (var i = links[first] & 0x7fffffffu; i < p.count; i = links[i] & 0x7fffffffu) {
    sum += dy[i * p.groups + column];
  }
  out[indices[first] * p.groups + column] = sum;
}
