// Copies a box of up to six axes between two tensors with any strides: permutations, slices and concatenations.
//
//   destination[destinationBase + sum_a c_a destinationStride_a] = source[sourceBase + sum_a c_a sourceStride_a]
//
// for all 0 <= c_a < size_a.
//
// Bindings (words are copied as bits, whatever they mean):
//   0  source
//   1  destination
//   2  p       see Box; strides, bases and the size of the last axis count Values
// Template: VALUE, vec4u where the last axis is contiguous in both tensors and everything is a multiple of 4, else
// u32; RANK of the box; OUTER = RANK - 1; ITEMS, Values an invocation copies.

struct Axis {
  size: u32,
  sourceStride: u32,
  destinationStride: u32,
  unused: u32,
}

struct Box {
  count: u32,
  sourceBase: u32,
  destinationBase: u32,
  unused: u32,
  // The axis that varies fastest comes first.
  axes: array<Axis, {{RANK}}>,
}

@group(0) @binding(0) var<storage, read> source: array<{{VALUE}}>;
@group(0) @binding(1) var<storage, read_write> destination: array<{{VALUE}}>;
@group(0) @binding(2) var<uniform> p: Box;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) invocation: u32,
) {
  let first = (group.x + group.y * groups.x) * (64u * {{ITEMS}}u) + invocation;
  for (var item = 0u; item < {{ITEMS}}u; item++) {
    var rest = first + item * 64u;
    if (rest >= p.count) {
      return;
    }
    var read_at = p.sourceBase;
    var write_at = p.destinationBase;
{{#for A in OUTER}}
    let next{{A}} = rest / p.axes[{{A}}].size;
    let at{{A}} = rest - next{{A}} * p.axes[{{A}}].size;
    read_at += at{{A}} * p.axes[{{A}}].sourceStride;
    write_at += at{{A}} * p.axes[{{A}}].destinationStride;
    rest = next{{A}};
{{/for}}
    read_at += rest * p.axes[{{OUTER}}].sourceStride;
    write_at += rest * p.axes[{{OUTER}}].destinationStride;
    destination[write_at] = source[read_at];
  }
}
