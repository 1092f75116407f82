// The core of all matrix products on a GPU: a workgroup makes a tile of (TY ROWS) x (TX COLUMNS 4) results from tiles of both operands
// in workgroup memory, ROWS x COLUMNS vectors an invocation. While one pair of tiles is multiplied, the next is on its way to registers.
//
// The text before this one says what is multiplied. It declares the bindings and
//   fn tile_of(group: u32) -> Tile             the results of a workgroup, and which share of the sum they take
//   fn prepare_a(tile: Tile, row: u32)         called once before fetch_a(), with the same row
//   fn fetch_a(tile: Tile, row: u32, k: u32) -> mat4x4f     rows row..row+3, elements k..k+3 of each as a column
//   fn fetch_b(tile: Tile, k: u32, column: u32) -> mat4x4f  elements k..k+3, columns column..column+3 of each as a column
//   fn place_of(tile: Tile, row: u32) -> u32                where a row of results begins, or `nowhere`
//   fn store(place: u32, column: u32, value: vec4f)         columns column..column+3
// Outside of the operands the fetches give zeros, and store() does nothing.

const tile_rows = {{TY}}u * {{ROWS}}u;
const tile_columns = {{TX}}u * {{COLUMNS}}u; // vectors
const tile_depth = 16u;
const nowhere = 0xffffffffu;
// One vector more than a row has, so that the rows that a subgroup reads lie in different banks.
const a_pitch = tile_depth / 4u + 1u;

var<workgroup> a_tile: array<vec4f, tile_rows * a_pitch>;
var<workgroup> b_tile: array<vec4f, tile_columns * tile_depth>;

@compute @workgroup_size({{THREADS}})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let tile = tile_of(group.x + group.y * groups.x);
  let tx = thread % {{TX}}u;
  let ty = thread / {{TX}}u;
  // Each of the first `tile_rows` threads carries a block of 4 rows x 4 elements of a, and likewise for b.
{{#if A_ROWS_FIRST}}
  let a_row = 4u * (thread % (tile_rows / 4u));
  let a_quad = (thread / (tile_rows / 4u)) % 4u;
{{else}}
  let a_row = 4u * ((thread / 4u) % (tile_rows / 4u));
  let a_quad = thread % 4u;
{{/if}}
{{#if B_DEPTH_FIRST}}
  let b_column = (thread / 4u) % tile_columns;
  let b_quad = thread % 4u;
{{else}}
  let b_column = thread % tile_columns;
  let b_quad = (thread / tile_columns) % 4u;
{{/if}}
  let carries_a = thread < tile_rows;
  let carries_b = thread < tile_columns * 4u;
{{#for I in ROWS}}{{#for J in COLUMNS}}
  var s{{I}}_{{J}} = vec4f(0.0);
{{/for}}{{/for}}
  var a_next = mat4x4f();
  var b_next = mat4x4f();
  if (carries_a) {
    prepare_a(tile, tile.row + a_row);
  }
  let rounds = (tile.end - tile.begin + tile_depth - 1u) / tile_depth;
  // Round r fetches the r-th pair of tiles and multiplies the one before. All of the workgroup's invocations run the same rounds.
  for (var round = 0u; round <= rounds; round++) {
    if (round > 0u) {
      if (carries_a) {
{{#for I in 4}}
        a_tile[(a_row + {{I}}u) * a_pitch + a_quad] = a_next[{{I}}];
{{/for}}
      }
      if (carries_b) {
{{#for I in 4}}
        b_tile[(4u * b_quad + {{I}}u) * tile_columns + b_column] = b_next[{{I}}];
{{/for}}
      }
    }
    workgroupBarrier();
    let k = tile.begin + round * tile_depth;
    if (carries_a && round < rounds) {
      a_next = fetch_a(tile, tile.row + a_row, k + 4u * a_quad);
    }
    if (carries_b && round < rounds) {
      b_next = fetch_b(tile, k + 4u * b_quad, tile.column + 4u * b_column);
    }
    let quads = select(0u, tile_depth / 4u, round > 0u);
    for (var quad = 0u; quad < quads; quad++) {
{{#for I in ROWS}}
      let a{{I}} = a_tile[({{I}}u * {{TY}}u + ty) * a_pitch + quad];
{{/for}}
{{#for K in 4}}{{#for J in COLUMNS}}
      let b{{K}}_{{J}} = b_tile[(4u * quad + {{K}}u) * tile_columns + {{J}}u * {{TX}}u + tx];
{{#for I in ROWS}}
      s{{I}}_{{J}} += a{{I}}[{{K}}] * b{{K}}_{{J}};
{{/for}}{{/for}}{{/for}}
    }
    workgroupBarrier();
  }
{{#for I in ROWS}}
  let place{{I}} = place_of(tile, tile.row + {{I}}u * {{TY}}u + ty);
  if (place{{I}} != nowhere) {
{{#for J in COLUMNS}}
    store(place{{I}}, tile.column + 4u * ({{J}}u * {{TX}}u + tx), s{{I}}_{{J}});
{{/for}}
  }
{{/for}}
}
