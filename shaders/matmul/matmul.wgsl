// Matrix product, batched: y[z] = a[z] b[z], where a is [m, k] (or [k, m] with A_TRANSPOSED) and b [k, n] (or [n, k] with
// B_TRANSPOSED). A share of k (of shares_k) goes to its own slab of y, to be added up by matmul_fold.wgsl; with one share y is the result.
//
// Bindings: a, b, y [shares, batches, m, n], batches a given distance apart. With VECTORS all are read and written as vec4f along their
// last axes, which must be multiples of 4 (where both k axes are first axes, k itself may be any size); without, as f32 with any strides.
// With TEXELS (and VECTORS) a and b are texels, one after the other.
//
// One invocation makes GROUPS x GROUP rows x COLUMNS vectors of columns in registers; a workgroup's lanes lie as
// (lanes / lane_columns) x lane_columns. Written for Vulkan on the CPU, see conv_gather.wgsl. Transposed operands are turned around in
// registers, where that is only a matter of names.

struct Params {
  m: u32,
  n: u32, // vectors of columns
  k: u32,
  batches: u32,
  a_batch: u32, // distances of matrices, in elements of T
  b_batch: u32,
  y_batch: u32,
  a_row: u32, // scalar variant: distance of rows of a; vectors: of the first axis
  a_depth: u32, // scalar variant: distance along k
  b_depth: u32, // scalar variant: distance along k; vectors: of the first axis
  b_column: u32, // scalar variant: distance of columns
  lane_columns: u32,
  row_tiles: u32,
  column_tiles: u32,
  groups: u32, // GROUPS
  shares_k: u32,
  k_a_share: u32, // a multiple of DEPTH
  a_first: u32, // with TEXELS: numbers of the first texels
  b_first: u32,
}

{{#if TEXELS}}
@group(0) @binding(0) var<storage, read_write> y: array<{{T}}>;
@group(0) @binding(1) var<uniform> p: Params;
@group(0) @binding(2) var texels: texture_storage_2d<rgba32float, read>;

fn a_at(i: u32) -> {{T}} {
  return first_texel(i);
}

fn b_at(i: u32) -> {{T}} {
  return second_texel(i);
}
{{else}}
@group(0) @binding(0) var<storage, read> a: array<{{T}}>;
@group(0) @binding(1) var<storage, read> b: array<{{T}}>;
@group(0) @binding(2) var<storage, read_write> y: array<{{T}}>;
@group(0) @binding(3) var<uniform> p: Params;

fn a_at(i: u32) -> {{T}} {
  return a[i];
}

fn b_at(i: u32) -> {{T}} {
  return b[i];
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
  let slab = tile / tiles; // share * batches + batch
  if (slab >= p.batches * p.shares_k) {
    return;
  }
  let batch = slab % p.batches;
  let share = slab / p.batches;
  let lane_rows = {{LANES}}u / p.lane_columns;
  let column = (((tile / p.row_tiles) % p.column_tiles) * p.lane_columns + lane % p.lane_columns) * {{COLUMNS}}u;
  let row = ((tile % p.row_tiles) * lane_rows + lane / p.lane_columns) * {{ROWS}}u;
  let a_base = batch * p.a_batch{{#if TEXELS}} + p.a_first{{/if}};
  let b_base = batch * p.b_batch{{#if TEXELS}} + p.b_first{{/if}};
{{#for J in COLUMNS}}
  let c{{J}} = min(column + {{J}}u, p.n - 1u);
{{/for}}
{{#for G in GROUPS}}
{{#if A_TRANSPOSED}}
  let row{{G}} = a_base + min(row / 4u + {{G}}u, p.m / 4u - 1u);
{{else}}{{#for I in GROUP}}
  let row{{G}}_{{I}} = a_base + min(row + {{G}}u * {{GROUP}}u + {{I}}u, p.m - 1u) * p.a_row;
{{/for}}{{/if}}
{{#for I in GROUP}}{{#for J in COLUMNS}}
  var s{{G}}_{{I}}_{{J}} = {{T}}(0.0);
{{/for}}{{/for}}{{/for}}
  let end = min((share + 1u) * p.k_a_share, p.k);
  for (var k = share * p.k_a_share; k < end; k += {{DEPTH}}u) {
{{#if VECTORS}}
{{#if B_TRANSPOSED}}
{{#for J in COLUMNS}}
{{#for E in 4}}
    let t{{J}}_{{E}} = b_at(b_base + (c{{J}} * 4u + {{E}}u) * p.b_depth + k / 4u);
{{/for}}
{{#for K in 4}}
    let b{{K}}_{{J}} = vec4f(t{{J}}_0[{{K}}], t{{J}}_1[{{K}}], t{{J}}_2[{{K}}], t{{J}}_3[{{K}}]);
{{/for}}{{/for}}
{{else}}
{{#for K in 4}}
{{#if RAGGED}}
    let live{{K}} = k + {{K}}u < end;
    let k{{K}} = select(k, k + {{K}}u, live{{K}});
{{else}}
    let k{{K}} = k + {{K}}u;
{{/if}}
{{#for J in COLUMNS}}
    let b{{K}}_{{J}} = {{#if RAGGED}}select(vec4f(0.0), {{/if}}b_at(b_base + k{{K}} * p.b_depth + c{{J}}){{#if RAGGED}}, live{{K}}){{/if}};
{{/for}}{{/for}}
{{/if}}
{{else}}
{{#for J in COLUMNS}}
    let b0_{{J}} = b_at(b_base + k * p.b_depth + c{{J}} * p.b_column);
{{/for}}
{{/if}}
{{#for G in GROUPS}}
{{#if A_TRANSPOSED}}
{{#for K in 4}}
{{#if RAGGED}}
    let u{{G}}_{{K}} = select(vec4f(0.0), a_at(row{{G}} + k{{K}} * p.a_row), live{{K}});
{{else}}
    let u{{G}}_{{K}} = a_at(row{{G}} + (k + {{K}}u) * p.a_row);
{{/if}}
{{/for}}
{{/if}}
{{#for I in GROUP}}
{{#if A_TRANSPOSED}}
    let a{{G}}_{{I}} = vec4f(u{{G}}_0[{{I}}], u{{G}}_1[{{I}}], u{{G}}_2[{{I}}], u{{G}}_3[{{I}}]);
{{else}}{{#if VECTORS}}
    let a{{G}}_{{I}} = a_at(row{{G}}_{{I}} + k / 4u);
{{else}}
    let a{{G}}_{{I}} = a_at(row{{G}}_{{I}} + k * p.a_depth);
{{/if}}{{/if}}
{{#for J in COLUMNS}}{{#for K in DEPTH}}
    s{{G}}_{{I}}_{{J}} += a{{G}}_{{I}}{{#if VECTORS}}[{{K}}]{{/if}} * b{{K}}_{{J}};
{{/for}}{{/for}}{{/for}}{{/for}}
  }
  for (var g = 0u; g < p.groups; g++) {
{{#for I in GROUP}}
    let row_{{I}} = row + g * {{GROUP}}u + {{I}}u;
    let to{{I}} = slab * p.y_batch + row_{{I}} * p.n + column;
{{#for J in COLUMNS}}
    var v{{I}}_{{J}} = s0_{{I}}_{{J}};
{{#for G in GROUPS}}
    v{{I}}_{{J}} = select(v{{I}}_{{J}}, s{{G}}_{{I}}_{{J}}, g == {{G}}u);
{{/for}}
    if (row_{{I}} < p.m && column + {{J}}u < p.n) {
      y[to{{I}} + {{J}}u] = v{{I}}_{{J}};
    }
{{/for}}{{/for}}
  }
}
