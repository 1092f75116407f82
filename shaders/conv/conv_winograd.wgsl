// The transforms of Winograd's convolution: out[a, b] = sum over i, j of m[a, i] m[b, j] in[i, j], for every tile, part (phase of a
// strided convolution) and vector of channels.
//
// Both sides are laid out alike: element (i, j) of part (q, r), tile (t, u) of image n lies at
//   y = t tile_pace_y + i pace_y + origins_y[q], which must be in [0, height), else an input is 0 and an output is dropped;
//   x likewise; and in memory, in vectors, at n image + t tile_y + u tile_x + y row + x column + q part_y + r part_x + channel.
// So one kernel cuts images into overlapping patches, lays patches out by transform points for matmul.wgsl, and the reverse.
//
// Bindings: source (with TEXELS read as texels), bias [channels] (or anything where has_bias is 0), OUTPUTS (the result, or what a chain of
// pointwise ops makes of it: see runtime/kernels/pointwise/epilogue.ts). IN and OUT are the matrix's sizes, at most 5.
// One invocation makes OUT x OUT vectors.

struct Side {
  origins_y: vec4i,
  origins_x: vec4i,
  height: u32,
  width: u32,
  tile_pace_y: i32,
  tile_pace_x: i32,
  pace_y: i32,
  pace_x: i32,
  image: u32,
  tile_y: u32,
  tile_x: u32,
  row: u32,
  column: u32,
  part_y: u32,
  part_x: u32,
  start: u32, // the first image's place
  unused0: u32,
  unused1: u32,
}

struct Params {
  input: Side,
  output: Side,
  parts_y: u32,
  parts_x: u32,
  tiles_y: u32,
  tiles_x: u32,
  images: u32,
  channels: u32, // vectors
  sizes: u32, // IN, as a number that the compiler does not know, so that it does not unroll loops
  rounds: u32, // OUT, likewise
  has_bias: u32,
  first_image: u32,
  source_first: u32, // with TEXELS: the number of the first texel
  unused2: u32,
  matrix: array<vec4f, 25>, // m[a, i] is matrix[5 i + a].x
  {{EXTRA}}
}

{{#if TEXELS}}
@group(0) @binding(0) var<storage, read> bias: array<vec4f>;
@group(0) @binding({{TEXELS_AT}}) var texels: texture_storage_2d<rgba32float, read>;

fn source_at(i: u32) -> vec4f {
  return first_texel(p.source_first + i);
}
{{else}}
@group(0) @binding(0) var<storage, read> source: array<vec4f>;
@group(0) @binding(1) var<storage, read> bias: array<vec4f>;

fn source_at(i: u32) -> vec4f {
  return source[i];
}
{{/if}}
{{OUTPUTS}}
@group(0) @binding({{PARAMS}}) var<uniform> p: Params;

@compute @workgroup_size({{LANES}})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
{{#for J in IN}}{{#for B in OUT}}
  let m{{B}}_{{J}} = p.matrix[{{J}} * 5 + {{B}}].x;
{{/for}}{{/for}}
  let item = (group.x + group.y * groups.x) * {{LANES}}u + lane;
  let channel = item % p.channels;
  let tile = item / p.channels;
  let tile_x = tile % p.tiles_x;
  let tile_y = (tile / p.tiles_x) % p.tiles_y;
  let place = tile / p.tiles_x / p.tiles_y;
  let image = place % p.images;
  let part = place / p.images;
  let part_x = part % p.parts_x;
  let part_y = part / p.parts_x;
  if (part_y >= p.parts_y) {
    return;
  }
  let in_y = i32(tile_y) * p.input.tile_pace_y + p.input.origins_y[part_y];
  let in_x = i32(tile_x) * p.input.tile_pace_x + p.input.origins_x[part_x];
  let in_base = p.input.start + image * p.input.image + tile_y * p.input.tile_y + tile_x * p.input.tile_x +
    part_y * p.input.part_y + part_x * p.input.part_x + channel;
{{#for J in IN}}
  let x{{J}} = u32(in_x + {{J}} * p.input.pace_x);
  let inside{{J}} = x{{J}} < p.input.width;
  let at{{J}} = x{{J}} * p.input.column;
{{/for}}
{{#for A in OUT}}{{#for B in OUT}}
  var s{{A}}_{{B}} = vec4f(0.0);
{{/for}}{{/for}}
  for (var i = 0u; i < p.sizes; i++) {
    let y = u32(in_y + i32(i) * p.input.pace_y);
    let row = in_base + y * p.input.row;
{{#for J in IN}}
    let live{{J}} = inside{{J}} & (y < p.input.height);
    let d{{J}} = select(vec4f(0.0), source_at(select(0u, row + at{{J}}, live{{J}})), live{{J}});
{{/for}}
{{#for A in OUT}}
    // Picked from registers: a uniform at an address that is not constant costs as much as a load from storage.
    var k{{A}} = m{{A}}_0;
{{#for J in IN}}
    k{{A}} = select(k{{A}}, m{{A}}_{{J}}, i == {{J}}u);
{{/for}}{{/for}}
{{#for B in OUT}}
    let t{{B}} = {{#for J in IN}}{{#if J}} + {{/if}}m{{B}}_{{J}} * d{{J}}{{/for}};
{{#for A in OUT}}
    s{{A}}_{{B}} += k{{A}} * t{{B}};
{{/for}}{{/for}}
  }
  let add = select(vec4f(0.0), bias[select(0u, channel, p.has_bias != 0u)], p.has_bias != 0u);
  let fixed = fixed_at(p.first_image + image, channel);
  let out_y = i32(tile_y) * p.output.tile_pace_y + p.output.origins_y[part_y];
  let out_x = i32(tile_x) * p.output.tile_pace_x + p.output.origins_x[part_x];
  let out_base = p.output.start + image * p.output.image + tile_y * p.output.tile_y + tile_x * p.output.tile_x +
    part_y * p.output.part_y + part_x * p.output.part_x + channel;
  for (var a = 0u; a < p.rounds; a++) {
    let y = u32(out_y + i32(a) * p.output.pace_y);
    let row = out_base + y * p.output.row;
{{#for B in OUT}}
    var v{{B}} = s0_{{B}};
{{#for A in OUT}}
    v{{B}} = select(v{{B}}, s{{A}}_{{B}}, a == {{A}}u);
{{/for}}
    let x_{{B}} = u32(out_x + {{B}} * p.output.pace_x);
    if (y < p.output.height && x_{{B}} < p.output.width) {
      let to = row + x_{{B}} * p.output.column;
      let value = v{{B}} + add{{#if ACCUMULATE}} + out0[to]{{/if}};
      finish(value, to, p.first_image + image, y, x_{{B}}, channel, fixed);
    }
{{/for}}
  }
}
