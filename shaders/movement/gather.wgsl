// Rows of a table by number: out[i] = table[indices[i]]. A number that is no row gives a row of NaN.
//
// Bindings:
//   0  table    [rows, groups] of Value; a group is 4 neighbouring columns where Value is vec4f, else 1
//   1  indices  [count]
//   2  out      [count, groups]
//   3  p        rows, groups, count, bits of NaN (WGSL has no literal for it)
// Template: VALUE, vec4f or f32.

struct Parameters {
  rows: u32,
  groups: u32,
  count: u32,
  nan: f32,
}

@group(0) @binding(0) var<storage, read> table: array<{{VALUE}}>;
@group(0) @binding(1) var<storage, read> indices: array<u32>;
@group(0) @binding(2) var<storage, read_write> out: array<{{VALUE}}>;
@group(0) @binding(3) var<uniform> p: Parameters;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) invocation: u32,
) {
  let job = (group.x + group.y * groups.x) * 64u + invocation;
  let i = job / p.groups;
  if (i >= p.count) {
    return;
  }
  let row = indices[i];
  if (row < p.rows) {
    out[job] = table[row * p.groups + job % p.groups];
  } else {
    out[job] = {{VALUE}}(p.nan);
  }
}
