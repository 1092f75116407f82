// Places a tensor of up to six axes into zeros: `low` zeros before it along each axis, its elements `step` apart,
// zeros after it.
//
//   destination[c] = source[(c - low) / step]   where that is a whole number within the source along every axis, else 0
//
// Bindings (words are copied as bits; a word of zeros is 0 as f32 and as u32):
//   0  source  row-major
//   1  destination  row-major
//   2  p       see Placement; sizes of the last axis count Values
// Template: VALUE, vec4u where the last axis and its padding are multiples of 4 and its step is 1, else u32; RANK;
// DILATED, where a step is not 1.

struct Axis {
  size: u32,
  sourceSize: u32,
  sourceStride: u32,
  low: u32,
  step: u32,
  unused0: u32,
  unused1: u32,
  unused2: u32,
}

struct Placement {
  count: u32,
  unused0: u32,
  unused1: u32,
  unused2: u32,
  // The axis that varies fastest comes first.
  axes: array<Axis, {{RANK}}>,
}

@group(0) @binding(0) var<storage, read> source: array<{{VALUE}}>;
@group(0) @binding(1) var<storage, read_write> destination: array<{{VALUE}}>;
@group(0) @binding(2) var<uniform> p: Placement;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) invocation: u32,
) {
  let write_at = (group.x + group.y * groups.x) * 64u + invocation;
  if (write_at >= p.count) {
    return;
  }
  var rest = write_at;
  var read_at = 0u;
  var inside = true;
{{#for A in RANK}}
  let next{{A}} = rest / p.axes[{{A}}].size;
  // Before the source this wraps around to a number larger than any size.
  let distance{{A}} = rest - next{{A}} * p.axes[{{A}}].size - p.axes[{{A}}].low;
{{#if DILATED}}
  let at{{A}} = distance{{A}} / p.axes[{{A}}].step;
  inside = inside && at{{A}} * p.axes[{{A}}].step == distance{{A}};
{{else}}
  let at{{A}} = distance{{A}};
{{/if}}
  inside = inside && at{{A}} < p.axes[{{A}}].sourceSize;
  read_at += at{{A}} * p.axes[{{A}}].sourceStride;
  rest = next{{A}};
{{/for}}
  var value = {{VALUE}}(0u);
  if (inside) {
    value = source[read_at];
  }
  destination[write_at] = value;
}
