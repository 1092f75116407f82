// Adds up partial results in a fixed order: y[i] = sum over s of x[s, i].
//
// Bindings: x [splits, count], y [count], in vectors of T elements. One invocation makes one vector.

struct Params {
  splits: u32,
  count: u32, // vectors
}

@group(0) @binding(0) var<storage, read> x: array<{{T}}>;
@group(0) @binding(1) var<storage, read_write> y: array<{{T}}>;
@group(0) @binding(2) var<uniform> p: Params;

@compute @workgroup_size({{LANES}})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.x + group.y * groups.x) * {{LANES}}u + lane;
  if (i >= p.count) {
    return;
  }
  var sum = x[i];
  for (var s = 1u; s < p.splits; s++) {
    sum += x[s * p.count + i];
  }
  y[i] = sum;
}
