// Gradient of a convolution for its weights, the first of two passes:
//
//   partial[s, ky, kx, ci, co] = sum over the s-th share of the pixels (n, oy, ox) of
//                                x[n, oy stride - padding + ky dilation, ox stride - padding + kx dilation, ci] gy[n, oy, ox, co]
//
// A second pass (matmul_fold.wgsl) adds up the shares in a fixed order, so equal inputs give bit-equal results.
//
// Bindings: x [images, height, width, inputs], gy [images, out_height, out_width, outputs], partial [splits, kernel_height,
// kernel_width, inputs, outputs]; channels in vectors of X and W elements. With TEXELS (and vectors of 4) x and gy are texels, one after the
// other. With SWAPPED the last two axes of partial lie the other way round, [.., outputs, inputs], as the weights of a transposed convolution do.
//
// One invocation makes GROUPS vectors of input channels (each of one tap) x COLUMNS vectors of output channels in registers, and
// takes UNROLL pixels a round. A workgroup's lanes lie as lane_splits x lane_rows x lane_columns. Written for Vulkan on the CPU, see
// conv_gather.wgsl.

struct Params {
  height: u32,
  width: u32,
  inputs: u32, // vectors of input channels
  out_height: u32,
  out_width: u32,
  outputs: u32, // vectors of output channels
  kernel_width: u32,
  stride_y: u32,
  stride_x: u32,
  padding_y: u32,
  padding_x: u32,
  dilation_y: u32,
  dilation_x: u32,
  rows: u32, // vectors of (ky, kx, ci)
  pixels: u32,
  pixels_a_split: u32,
  lane_rows: u32,
  lane_columns: u32,
  row_tiles: u32,
  column_tiles: u32,
  splits: u32,
  groups: u32, // GROUPS
  x_first: u32, // with TEXELS: numbers of the first texels
  gy_first: u32,
}

{{#if TEXELS}}
@group(0) @binding(0) var<storage, read_write> partial: array<{{#if SWAPPED}}{{X}}{{else}}{{W}}{{/if}}>;
@group(0) @binding(1) var<uniform> p: Params;
@group(0) @binding(2) var texels: texture_storage_2d<rgba32float, read>;

fn x_at(i: u32) -> {{X}} {
  return first_texel(p.x_first + i);
}

fn gy_at(i: u32) -> {{W}} {
  return second_texel(p.gy_first + i);
}
{{else}}
@group(0) @binding(0) var<storage, read> x: array<{{X}}>;
@group(0) @binding(1) var<storage, read> gy: array<{{W}}>;
@group(0) @binding(2) var<storage, read_write> partial: array<{{#if SWAPPED}}{{X}}{{else}}{{W}}{{/if}}>;
@group(0) @binding(3) var<uniform> p: Params;

fn x_at(i: u32) -> {{X}} {
  return x[i];
}

fn gy_at(i: u32) -> {{W}} {
  return gy[i];
}
{{/if}}

@compute @workgroup_size({{LANES}})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let tile = group.x + group.y * groups.x;
  let tiles = p.row_tiles * p.column_tiles;
  let lane_tiles = p.lane_rows * p.lane_columns;
  let split = (tile / tiles) * ({{LANES}}u / lane_tiles) + lane / lane_tiles;
  let column = (((tile / p.row_tiles) % p.column_tiles) * p.lane_columns + lane % p.lane_columns) * {{COLUMNS}}u;
  let row = ((tile % p.row_tiles) * p.lane_rows + (lane / p.lane_columns) % p.lane_rows) * {{GROUPS}}u;
{{#for J in COLUMNS}}
  let c{{J}} = min(column + {{J}}u, p.outputs - 1u);
{{/for}}
{{#for G in GROUPS}}
  let row{{G}} = min(row + {{G}}u, p.rows - 1u);
  let tap{{G}} = row{{G}} / p.inputs;
  let ci{{G}} = row{{G}} % p.inputs;
  let dy{{G}} = i32((tap{{G}} / p.kernel_width) * p.dilation_y) - i32(p.padding_y);
  let dx{{G}} = i32((tap{{G}} % p.kernel_width) * p.dilation_x) - i32(p.padding_x);
{{#for E in DEPTH}}{{#for J in COLUMNS}}
  var s{{G}}_{{E}}_{{J}} = {{W}}(0.0);
{{/for}}{{/for}}{{/for}}
  let begin = min(split * p.pixels_a_split, p.pixels);
  let end = min(begin + p.pixels_a_split, p.pixels);
  var ox = begin % p.out_width;
  var oy = (begin / p.out_width) % p.out_height;
  var image = begin / p.out_width / p.out_height;
  for (var pixel = begin; pixel < end; pixel += {{UNROLL}}u) {
{{#for U in UNROLL}}
    let live{{U}} = pixel + {{U}}u < end;
    let at{{U}} = select(0u, (pixel + {{U}}u) * p.outputs, live{{U}});
    let y{{U}} = i32(oy * p.stride_y);
    let x{{U}} = i32(ox * p.stride_x);
{{#for J in COLUMNS}}
    let g{{U}}_{{J}} = select({{W}}(0.0), gy_at(at{{U}} + c{{J}}), live{{U}});
{{/for}}
{{#for G in GROUPS}}
    let iy{{U}}_{{G}} = u32(y{{U}} + dy{{G}});
    let ix{{U}}_{{G}} = u32(x{{U}} + dx{{G}});
    // Not &&, which is a branch each: SwiftShader takes minutes to compile two dozen of them in a loop.
    let inside{{U}}_{{G}} = live{{U}} & (iy{{U}}_{{G}} < p.height) & (ix{{U}}_{{G}} < p.width);
    let from{{U}}_{{G}} = ((image * p.height + iy{{U}}_{{G}}) * p.width + ix{{U}}_{{G}}) * p.inputs + ci{{G}};
    let a{{U}}_{{G}} = select({{X}}(0.0), x_at(select(0u, from{{U}}_{{G}}, inside{{U}}_{{G}})), inside{{U}}_{{G}});
{{/for}}
    {
      let row_ends = ox + 1u == p.out_width;
      let image_ends = row_ends && oy + 1u == p.out_height;
      ox = select(ox + 1u, 0u, row_ends);
      oy = select(oy + select(0u, 1u, row_ends), 0u, image_ends);
      image += select(0u, 1u, image_ends);
    }
{{/for}}
{{#for G in GROUPS}}{{#for E in DEPTH}}{{#for J in COLUMNS}}{{#for U in UNROLL}}
    s{{G}}_{{E}}_{{J}} += a{{U}}_{{G}}{{#if DEEP}}[{{E}}]{{/if}} * g{{U}}_{{J}};
{{/for}}{{/for}}{{/for}}{{/for}}
  }
  for (var g = 0u; g < p.groups; g++) {
{{#if SWAPPED}}
    let ci = (row + g) % p.inputs;
    let to = (split * p.rows + row + g - ci) * {{WIDTH}}u * p.outputs + column * {{WIDTH}}u * p.inputs + ci;
{{else}}
    let to = (split * p.rows + row + g) * {{DEPTH}}u * p.outputs + column;
{{/if}}
    let exists = split < p.splits && row + g < p.rows;
{{#for E in DEPTH}}{{#for J in COLUMNS}}
    var v{{E}}_{{J}} = s0_{{E}}_{{J}};
{{#for G in GROUPS}}
    v{{E}}_{{J}} = select(v{{E}}_{{J}}, s{{G}}_{{E}}_{{J}}, g == {{G}}u);
{{/for}}
{{#if SWAPPED}}{{else}}
    if (exists && column + {{J}}u < p.outputs) {
      partial[to + {{E}}u * p.outputs + {{J}}u] = v{{E}}_{{J}};
    }
{{/if}}
{{/for}}{{/for}}
{{#if SWAPPED}}
{{#for J in COLUMNS}}{{#for C in WIDTH}}
    if (exists && column + {{J}}u < p.outputs) {
      partial[to + ({{J}}u * {{WIDTH}}u + {{C}}u) * p.inputs] =
        {{X}}({{#for E in DEPTH}}{{#if E}}, {{/if}}v{{E}}_{{J}}{{#if WIDE}}[{{C}}]{{/if}}{{/for}});
    }
{{/for}}{{/for}}
{{/if}}
  }
}
