// Copies a box whose fastest axis in the destination (columns) is another one than in the source (rows), by 4 x 4
// blocks in registers: four vector loads, four vector stores, no workgroup memory. For Vulkan on the CPU.
//
// Bindings (words are copied as bits, whatever they mean):
//   0  source
//   1  destination
//   2  p       see Box; strides and bases count vectors of 4 words
// Template: BATCH, the number of other axes.

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
  // Blocks along the source's fastest axis; lanes are neighbours along it.
  rowBlocks: u32,
  columnBlocks: u32,
  // From one column to the next in the source, from one row to the next in the destination.
  columnStride: u32,
  rowStride: u32,
  unused: u32,
{{#if BATCH}}
  axes: array<Axis, {{BATCH}}>,
{{/if}}
}

@group(0) @binding(0) var<storage, read> source: array<vec4u>;
@group(0) @binding(1) var<storage, read_write> destination: array<vec4u>;
@group(0) @binding(2) var<uniform> p: Box;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) invocation: u32,
) {
  let job = (group.x + group.y * groups.x) * 64u + invocation;
  if (job >= p.count) {
    return;
  }
  let blocks = job / p.rowBlocks;
  let row = job - blocks * p.rowBlocks;
  var rest = blocks / p.columnBlocks;
  let column = blocks - rest * p.columnBlocks;
  var read_at = p.sourceBase + row + column * 4u * p.columnStride;
  var write_at = p.destinationBase + column + row * 4u * p.rowStride;
{{#for A in BATCH}}
  let next{{A}} = rest / p.axes[{{A}}].size;
  let at{{A}} = rest - next{{A}} * p.axes[{{A}}].size;
  read_at += at{{A}} * p.axes[{{A}}].sourceStride;
  write_at += at{{A}} * p.axes[{{A}}].destinationStride;
  rest = next{{A}};
{{/for}}
  let a = source[read_at];
  let b = source[read_at + p.columnStride];
  let c = source[read_at + 2u * p.columnStride];
  let d = source[read_at + 3u * p.columnStride];
  destination[write_at] = vec4u(a.x, b.x, c.x, d.x);
  destination[write_at + p.rowStride] = vec4u(a.y, b.y, c.y, d.y);
  destination[write_at + 2u * p.rowStride] = vec4u(a.z, b.z, c.z, d.z);
  destination[write_at + 3u * p.rowStride] = vec4u(a.w, b.w, c.w, d.w);
}
