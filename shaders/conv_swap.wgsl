// Swaps the last two axes: y[t, b, a] = x[t, a, b], for example of convolution weights [taps, inputs, outputs].
//
// Bindings: x, y in vectors of T elements. One invocation moves a block of SIDE x SIDE elements; the axes' sizes are multiples of
// SIDE (4 for vec4f, 1 for f32).

struct Params {
  taps: u32,
  rows: u32, // blocks along a
  columns: u32, // blocks along b
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
  if (i >= p.taps * p.rows * p.columns) {
    return;
  }
  let column = i % p.columns;
  let row = (i / p.columns) % p.rows;
  let tap = i / p.columns / p.rows;
  let source = (tap * p.rows + row) * {{SIDE}}u * p.columns + column;
  let to = (tap * p.columns + column) * {{SIDE}}u * p.rows + row;
{{#if BLOCK}}
  let a = x[source];
  let b = x[source + p.columns];
  let c = x[source + 2u * p.columns];
  let d = x[source + 3u * p.columns];
  y[to] = vec4f(a.x, b.x, c.x, d.x);
  y[to + p.rows] = vec4f(a.y, b.y, c.y, d.y);
  y[to + 2u * p.rows] = vec4f(a.z, b.z, c.z, d.z);
  y[to + 3u * p.rows] = vec4f(a.w, b.w, c.w, d.w);
{{else}}
  y[to] = x[source];
{{/if}}
}
