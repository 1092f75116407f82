// Convolution and transposed convolution as one gather, without materialised patches and without inserted zeros:
//
//   y[n, oy, ox, co] = bias[co] + sum over taps (ky, kx) and ci of x[n, iy, ix, ci] w[ky, kx, ci, co]
//
//   forward:    iy = oy stride - padding + ky dilation
//   transposed: iy = (oy + padding - ky dilation) / stride, over the taps where the division has no remainder. Outputs with equal
//               remainders (a phase) share their taps, so a phase is a forward convolution of stride 1 by itself.
//
// Bindings: x [images, height, width, inputs], w [kernel_height, kernel_width, inputs, outputs], bias [outputs] (or anything where
// has_bias is 0), OUTPUTS (y [images, out_height, out_width, outputs], or what a chain of pointwise ops makes of it: see runtime/kernels/
// epilogue.ts); channels in vectors of X and W elements. With SWAPPED the last two axes of w
// lie the other way round, [.., outputs, inputs], as the weights of the convolution do whose input gradient this is: a vector of input channels
// is loaded for each output channel, and the same products are added in the same order.
//
// One invocation makes GROUPS x GROUP pixels x COLUMNS vectors of output channels in registers; a workgroup's lanes lie as
// (lanes / lane_columns) x lane_columns. Written for Vulkan on the CPU: there a load costs as much as 60 multiply-adds, so the
// block is as large as the compiler's time allows, nothing is shared through workgroup memory, and each sum takes all taps of a
// vector of input channels before the next one, which keeps the reloads of spilled registers few. Four products are added in pairs, which
// costs nothing and rounds less. With SMALL sums keep what rounding takes from them: where there is little to do, exactness is free. Stores sit in a loop of `groups`
// (= GROUPS) rounds because every load or store in the text costs 6 to 11 ms of compilation there.

struct Params {
  images: u32,
  height: u32,
  width: u32,
  inputs: u32, // vectors of input channels
  out_height: u32,
  out_width: u32,
  outputs: u32, // vectors of output channels
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
  // See compensated.wgsl.
  zero: u32,
  {{EXTRA}}
}

@group(0) @binding(0) var<storage, read> x: array<{{X}}>;
@group(0) @binding(1) var<storage, read> w: array<{{#if SWAPPED}}{{X}}{{else}}{{W}}{{/if}}>;
@group(0) @binding(2) var<storage, read> bias: array<{{W}}>;
{{OUTPUTS}}
@group(0) @binding({{PARAMS}}) var<uniform> p: Params;

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
  let bias{{J}} = select({{W}}(0.0), bias[select(0u, c{{J}}, p.has_bias != 0u)], p.has_bias != 0u);
{{/for}}
  var pixel = first_pixel;
{{#for G in GROUPS}}{{#for I in GROUP}}
  // Pixels past the last image get a row that no tap reaches.
  let iy{{G}}_{{I}} = select(-0x40000000, i32(pixel.y) * rows.pace + rows.origin, pixel.z < p.images);
  let ix{{G}}_{{I}} = i32(pixel.x) * columns.pace + columns.origin;
  let image{{G}}_{{I}} = pixel.z * p.height;
  pixel = next_pixel(pixel, columns.size, rows.size);
{{#for J in COLUMNS}}
{{#if SMALL}}
  var s{{G}}_{{I}}_{{J}} = Sum(bias{{J}}, {{W}}(0.0));
{{else}}
  var s{{G}}_{{I}}_{{J}} = bias{{J}};
{{/if}}
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
      let from{{G}}_{{I}} = select(
        0u, ((image{{G}}_{{I}} + y{{G}}_{{I}}) * p.width + x{{G}}_{{I}}) * p.inputs, inside{{G}}_{{I}});
{{/for}}{{/for}}
      let tap = (rows.first + ty * rows.hop) * p.kernel_width + columns.first + tx * columns.hop;
      var weight = tap * p.inputs * {{#if SWAPPED}}{{WIDTH}}u{{else}}{{DEPTH}}u{{/if}} * p.outputs;
      for (var ci = 0u; ci < p.inputs; ci++) {
{{#if SWAPPED}}
{{#for J in COLUMNS}}{{#for C in WIDTH}}
        let m{{J}}_{{C}} = w[weight + (c{{J}} * {{WIDTH}}u + {{C}}u) * p.inputs];
{{/for}}{{#for K in DEPTH}}
        let w{{K}}_{{J}} = {{W}}({{#for C in WIDTH}}{{#if C}}, {{/if}}m{{J}}_{{C}}{{#if DEEP}}[{{K}}]{{/if}}{{/for}});
{{/for}}{{/for}}
        weight += 1u;
{{else}}
{{#for K in DEPTH}}{{#for J in COLUMNS}}
        let w{{K}}_{{J}} = w[weight + {{K}}u * p.outputs + c{{J}}];
{{/for}}{{/for}}
        weight += {{DEPTH}}u * p.outputs;
{{/if}}
{{#for G in GROUPS}}{{#for I in GROUP}}
        let a{{G}}_{{I}} = select({{X}}(0.0), x[from{{G}}_{{I}} + ci], inside{{G}}_{{I}});
{{#for J in COLUMNS}}
{{#if DEEP}}
        let t{{G}}_{{I}}_{{J}} = (a{{G}}_{{I}}.x * w0_{{J}} + a{{G}}_{{I}}.y * w1_{{J}}) + (a{{G}}_{{I}}.z * w2_{{J}} + a{{G}}_{{I}}.w * w3_{{J}});
{{else}}
        let t{{G}}_{{I}}_{{J}} = a{{G}}_{{I}} * w0_{{J}};
{{/if}}
{{#if SMALL}}
        s{{G}}_{{I}}_{{J}} = added(s{{G}}_{{I}}_{{J}}, t{{G}}_{{I}}_{{J}});
{{else}}
        s{{G}}_{{I}}_{{J}} += t{{G}}_{{I}}_{{J}};
{{/if}}
{{/for}}{{/for}}{{/for}}
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
    var v{{I}}_{{J}} = {{W}}(0.0);
{{#for G in GROUPS}}
    v{{I}}_{{J}} = select(v{{I}}_{{J}}, {{#if SMALL}}value_of(s{{G}}_{{I}}_{{J}}){{else}}s{{G}}_{{I}}_{{J}}{{/if}}, g == {{G}}u);
{{/for}}
    if (exists{{I}} && channel + {{J}}u < p.outputs) {
      finish(v{{I}}_{{J}}, to{{I}} + {{J}}u, pixel{{I}}.z, oy{{I}}, ox{{I}}, channel + {{J}}u, fixed{{J}});
    }
{{/for}}{{/for}}
  }
}
