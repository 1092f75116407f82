// The core of all matrix products on a GPU: a workgroup computes a tile of (TY ROWS) x (TX COLUMNS 4) results from
// tiles of both operands in workgroup memory, ROWS x COLUMNS vectors per invocation. While one pair of tiles is
// multiplied, the next is loaded into registers.
//
// Other files define what is multiplied:
//   fn tile_of(group: u32) -> Tile        the results of a workgroup, and which share of the sum they take
//   fn prepare_a(tile: Tile, row: u32)    called once before fetch_a(), with the same row
//   fn fetch_a(tile: Tile, row: u32, k: u32) -> mat4x4f      rows row..row+3, elements k..k+3 of each as a column
//   fn fetch_b(tile: Tile, k: u32, column: u32) -> mat4x4f   elements k..k+3, columns column..column+3 of each as a
//                                                            column
//   fn place_of(tile: Tile, row: u32) -> u32                 where a row of results begins, or `nowhere`
//   fn store(place: u32, column: u32, value: vec4f)          columns column..column+3
// Outside of the operands the fetches give zeros, and store() does nothing.

const tile_rows = TY * ROWS;
const tile_columns = TX * COLUMNS; // vectors
const tile_depth = 16u;
const nowhere = 0xffffffffu;
// One vector more than a row has, so that the rows that a subgroup reads lie in different banks.
const a_pitch = tile_depth / 4u + 1u;

var<workgroup> a_tile: array<vec4f, tile_rows * a_pitch>;
var<workgroup> b_tile: array<vec4f, tile_columns * tile_depth>;

fn kernel(group: u32, lane: u32) {
  let tile = tile_of(group);
  let tx = lane % TX;
  let ty = lane / TX;
  // Each of the first `tile_rows` threads carries a block of 4 rows x 4 elements of a, and likewise for b.
//#if A_ROWS_FIRST
  let a_row = 4u * (lane % (tile_rows / 4u));
  let a_quad = (lane / (tile_rows / 4u)) % 4u;
//#else
  let a_row = 4u * ((lane / 4u) % (tile_rows / 4u));
  let a_quad = lane % 4u;
//#end
//#if B_DEPTH_FIRST
  let b_column = (lane / 4u) % tile_columns;
  let b_quad = lane % 4u;
//#else
  let b_column = lane % tile_columns;
  let b_quad = (lane / tile_columns) % 4u;
//#end
  let carries_a = lane < tile_rows;
  let carries_b = lane < tile_columns * 4u;
//#for I in ROWS
//#for J in COLUMNS
  var s_I_J = vec4f(0.0);
//#end
//#end
  var a_next = mat4x4f();
  var b_next = mat4x4f();
  if (carries_a) {
    prepare_a(tile, tile.row + a_row);
  }
  let rounds = (tile.end - tile.begin + tile_depth - 1u) / tile_depth;
  // Round r fetches the r-th pair of tiles and multiplies the one before. All of the workgroup's invocations run the
  // same rounds.
  for (var round = 0u; round <= rounds; round++) {
    if (round > 0u) {
      if (carries_a) {
//#for I in 4
        a_tile[(a_row + I) * a_pitch + a_quad] = a_next[I];
//#end
      }
      if (carries_b) {
//#for I in 4
        b_tile[(4u * b_quad + I) * tile_columns + b_column] = b_next[I];
//#end
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
//#for I in ROWS
      let a_I = a_tile[(I * TY + ty) * a_pitch + quad];
//#end
//#for K in 4
//#for J in COLUMNS
      let b_K_J = b_tile[(4u * quad + K) * tile_columns + J * TX + tx];
//#for I in ROWS
      s_I_J += a_I[K] * b_K_J;
//#end
//#end
//#end
    }
    workgroupBarrier();
  }
//#for I in ROWS
  let place_I = place_of(tile, tile.row + I * TY + ty);
  if (place_I != nowhere) {
//#for J in COLUMNS
    store(place_I, tile.column + 4u * (J * TX + tx), s_I_J);
//#end
  }
//#end
}
