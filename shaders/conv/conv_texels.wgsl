// Convolution and transposed convolution as conv_gather.wgsl computes them, with the images and the weights read as texels: a load takes
// less than half the time on Vulkan on the CPU. The input and output channels are multiples of 4; or, with SINGLE, there is one output
// channel, and a texel of the weights holds those of four input channels.
//
// Bindings: bias [outputs] (or anything where has_bias is 0), OUTPUTS (y [images, out_height, out_width, outputs], or what a chain of
// pointwise ops makes of it: see runtime/kernels/pointwise/epilogue.ts); texels from x_first on x [images, height, width,
// inputs] and, from w_first on, w [kernel_height, kernel_width, inputs, outputs], or with SWAPPED [.., outputs, inputs], see conv_gather.wgsl.
//
// One invocation makes GROUPS x GROUP pixels x COLUMNS vectors of output channels in registers; a workgroup's lanes lie as
// (lanes / lane_columns) x lane_columns. Four products are added in pairs, which costs nothing and rounds less. Stores sit in a loop of
// `groups` (= GROUPS) rounds: each one in the text costs 6 to 11 ms of compilation.

struct Params {
  images: u32,
  height: u32,
  width: u32,
  inputs: u32, // vectors of input channels
  out_height: u32,
  out_width: u32,
  outputs: u32, // vectors of output channels; 1 with SINGLE
  kernel_height: u32,
  kernel_width: u32,
  stride_y: u32,
  stride_x: u32,
  padding_y: u32,
  padding_x: u32,
  dilation_y: u32,
  dilation_x: u32,
  is_transposed: u32,
  has_bias: u32,
  lane_columns: u32,
  row_tiles: u32, // of one phase
  column_tiles: u32,
  groups: u32,
  x_first: u32, // numbers of the first texels
  w_first: u32,
  {{EXTRA}}
}

alias Value = {{#if SINGLE}}f32{{else}}vec4f{{/if}};

@group(0) @binding(0) var<storage, read> bias: array<Value>;
{{OUTPUTS}}
@group(0) @binding({{PARAMS}}) var<uniform> p: Params;
@group(0) @binding({{TEXELS_AT}}) var texels: texture_storage_2d<rgba32float, read>;

@compute @workgroup_size({{LANES}})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let tile = group.x + group.y * groups.x;
  let phases = select(vec2u(1u), vec2u(p.stride_x, p.stride_y), p.is_transposed != 0u);
  let phase = (tile / p.row_tiles) % (phases.x * phases.y);
  let column_tile = tile / p.row_tiles / (phases.x * phases.y);
  if (column_tile >= p.column_tiles) {
    return;
  }
  var rows: Axis;
  var columns: Axis;
  if (p.is_transposed != 0u) {
    rows = transposed_axis(p.out_height, phase / phases.x, p.kernel_height, p.stride_y, p.padding_y, p.dilation_y);
    columns = transposed_axis(p.out_width, phase % phases.x, p.kernel_width, p.stride_x, p.padding_x, p.dilation_x);
  } else {
    rows = forward_axis(p.out_height, p.kernel_height, p.stride_y, p.padding_y, p.dilation_y);
    columns = forward_axis(p.out_width, p.kernel_width, p.stride_x, p.padding_x, p.dilation_x);
  }
  let lane_rows = {{LANES}}u / p.lane_columns;
  let channel = (column_tile * p.lane_columns + lane % p.lane_columns) * {{COLUMNS}}u;
  let row = ((tile % p.row_tiles) * lane_rows + lane / p.lane_columns) * {{ROWS}}u;
  let first_pixel = vec3u(row % columns.size, (row / columns.size) % rows.size, row / columns.size / rows.size);
{{#for J in COLUMNS}}
  let c{{J}} = min(channel + {{J}}u, p.outputs - 1u);
  let bias{{J}} = select(Value(0.0), bias[select(0u, c{{J}}, p.has_bias != 0u)], p.has_bias != 0u);
{{/for}}
  var pixel = first_pixel;
{{#for G in GROUPS}}{{#for I in GROUP}}
  // Pixels past the last image get a row that no tap reaches.
  let iy{{G}}_{{I}} = select(-0x40000000, i32(pixel.y) * rows.pace + rows.origin, pixel.z < p.images);
  let ix{{G}}_{{I}} = i32(pixel.x) * columns.pace + columns.origin;
  let image{{G}}_{{I}} = pixel.z * p.height;
  pixel = next_pixel(pixel, columns.size, rows.size);
{{#for J in COLUMNS}}
  var s{{G}}_{{I}}_{{J}} = bias{{J}};
{{/for}}{{/for}}{{/for}}
  for (var ty = 0u; ty < rows.taps; ty++) {
    for (var tx = 0u; tx < columns.taps; tx++) {
      let dy = i32(ty) * rows.walk;
      let dx = i32(tx) * columns.walk;
{{#for G in GROUPS}}{{#for I in GROUP}}
      let y{{G}}_{{I}} = u32(iy{{G}}_{{I}} + dy);
      let x{{G}}_{{I}} = u32(ix{{G}}_{{I}} + dx);
      // Not &&, which is a branch.
      let inside{{G}}_{{I}} = (y{{G}}_{{I}} < p.height) & (x{{G}}_{{I}} < p.width);
      let from{{G}}_{{I}} = p.x_first + select(
        0u, ((image{{G}}_{{I}} + y{{G}}_{{I}}) * p.width + x{{G}}_{{I}}) * p.inputs, inside{{G}}_{{I}});
{{/for}}{{/for}}
      let tap = (rows.first + ty * rows.hop) * p.kernel_width + columns.first + tx * columns.hop;
{{#if SINGLE}}
      let weight = p.w_first + tap * p.inputs;
{{else}}
      var weight = p.w_first + tap * p.inputs * 4u * p.outputs;
{{/if}}
      for (var ci = 0u; ci < p.inputs; ci++) {
{{#if SINGLE}}
        let w = second_texel(weight + ci);
{{else}}
{{#if SWAPPED}}
{{#for J in COLUMNS}}{{#for C in 4}}
        let m{{J}}_{{C}} = second_texel(weight + (c{{J}} * 4u + {{C}}u) * p.inputs);
{{/for}}{{#for K in 4}}
        let w{{K}}_{{J}} = vec4f(m{{J}}_0[{{K}}], m{{J}}_1[{{K}}], m{{J}}_2[{{K}}], m{{J}}_3[{{K}}]);
{{/for}}{{/for}}
        weight += 1u;
{{else}}
{{#for K in 4}}{{#for J in COLUMNS}}
        let w{{K}}_{{J}} = second_texel(weight + {{K}}u * p.outputs + c{{J}});
{{/for}}{{/for}}
        weight += 4u * p.outputs;
{{/if}}
{{/if}}
{{#for G in GROUPS}}{{#for I in GROUP}}
        let a{{G}}_{{I}} = select(vec4f(0.0), first_texel(from{{G}}_{{I}} + ci), inside{{G}}_{{I}});
{{#if SINGLE}}
        let product{{G}}_{{I}} = a{{G}}_{{I}} * w;
        s{{G}}_{{I}}_0 += (product{{G}}_{{I}}.x + product{{G}}_{{I}}.y) + (product{{G}}_{{I}}.z + product{{G}}_{{I}}.w);
{{else}}
{{#for J in COLUMNS}}
        s{{G}}_{{I}}_{{J}} += (a{{G}}_{{I}}.x * w0_{{J}} + a{{G}}_{{I}}.y * w1_{{J}}) +
          (a{{G}}_{{I}}.z * w2_{{J}} + a{{G}}_{{I}}.w * w3_{{J}});
{{/for}}
{{/if}}
{{/for}}{{/for}}
      }
    }
  }
{{#for J in COLUMNS}}
  let fixed{{J}} = fixed_at(0u, c{{J}});
{{/for}}
  pixel = first_pixel;
  for (var g = 0u; g < p.groups; g++) {
{{#for I in GROUP}}
    let pixel{{I}} = pixel;
    let oy{{I}} = pixel.y * rows.spread + rows.offset;
    let ox{{I}} = pixel.x * columns.spread + columns.offset;
    let exists{{I}} = pixel.z < p.images && oy{{I}} < p.out_height && ox{{I}} < p.out_width;
    let to{{I}} = ((pixel.z * p.out_height + oy{{I}}) * p.out_width + ox{{I}}) * p.outputs + channel;
    pixel = next_pixel(pixel, columns.size, rows.size);
{{#for J in COLUMNS}}
    var v{{I}}_{{J}} = s0_{{I}}_{{J}};
{{#for G in GROUPS}}
    v{{I}}_{{J}} = select(v{{I}}_{{J}}, s{{G}}_{{I}}_{{J}}, g == {{G}}u);
{{/for}}
    if (exists{{I}} && channel + {{J}}u < p.outputs) {
      finish(v{{I}}_{{J}}, to{{I}} + {{J}}u, pixel{{I}}.z, oy{{I}}, ox{{I}}, channel + {{J}}u, fixed{{J}});
    }
{{/for}}{{/for}}
  }
}
