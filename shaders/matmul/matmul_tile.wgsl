// The core of all matrix products on a GPU: a workgroup computes a tile of (TY ROWS) x (TX COLUMNS 4) results from
// tiles of both operands in workgroup memory, DEPTH elements of the summed axis at a time; an invocation computes ROWS x
// COLUMNS vectors. While one pair of tiles is multiplied, the next is on its way into registers: nothing looks at a
// fetched value before the multiplications are over, so that no instruction waits for it.
//
// With HALF_PRODUCTS the tiles hold float16. Products of 4 QUADS elements are summed in float16 and then added to the
// result in float32; runtime/kernels/matmul/half_products.ts has the error.
//
// Other files define what is multiplied:
//   fn tile_of(group: u32) -> Tile        the results of a workgroup, and which share of the sum they take
//   fn prepare_a(tile: Tile, row: u32, k: u32)               called once before the first fetch_a(), and likewise for b
//   fn prepare_b(tile: Tile, k: u32, column: u32)
//   fn fetch_a(tile: Tile, row: u32, k: u32) -> FetchedA     rows row..row+3, elements k..k+3. From call to call, row
//                                                            is the same and k advances by DEPTH
//   fn fetch_b(tile: Tile, k: u32, column: u32) -> FetchedB  elements k..k+3, columns column..column+3
//   fn block_a(fetched: FetchedA) -> Block                   what was fetched, each row as a column of the matrix
//   fn block_b(fetched: FetchedB) -> Block                   what was fetched, each element k as a column of the matrix
//   fn place_of(tile: Tile, row: u32) -> u32                 where a row of results begins, or `nowhere`
//   fn store(place: u32, column: u32, value: vec4f)          columns column..column+3; with SUMS it returns what it
//                                                            has stored, and norm_tile_sums.wgsl sums that up
// A block has zeros where k is past the end of the sum, and for pixels outside of an image. Rows and columns past the
// last may hold anything, because store() leaves out what is made of them.

// Four vectors as loaded, and whether each exists. MatrixA and MatrixB hold what is stored: a conversion would wait for
// the load.
struct FetchedA {
  values: MatrixA,
  live: vec4<bool>,
}

//#if HALVES
alias FetchedB = FetchedA;
//#else
struct FetchedB {
  values: MatrixB,
  live: vec4<bool>,
}
//#end

// The vectors that exist, and zeros, as they are multiplied.
fn live_a(fetched: FetchedA) -> Block {
  return Block(
    select(Factor(), Factor(fetched.values[0]), fetched.live.x),
    select(Factor(), Factor(fetched.values[1]), fetched.live.y),
    select(Factor(), Factor(fetched.values[2]), fetched.live.z),
    select(Factor(), Factor(fetched.values[3]), fetched.live.w),
  );
}

fn live_b(fetched: FetchedB) -> Block {
  return Block(
    select(Factor(), Factor(fetched.values[0]), fetched.live.x),
    select(Factor(), Factor(fetched.values[1]), fetched.live.y),
    select(Factor(), Factor(fetched.values[2]), fetched.live.z),
    select(Factor(), Factor(fetched.values[3]), fetched.live.w),
  );
}

//#if NORMALIZES
//#if B_NORMALIZED
alias Normalized = FetchedB;
//#else
alias Normalized = FetchedA;
//#end

// Batch norm of four vectors of channels, where they exist, and zeros.
fn normalized(fetched: Normalized, scale: vec4f, shift: vec4f) -> Block {
  let values = fetched.values;
  let y_0 = normal(vec4f(values[0]) * scale + shift);
  let y_1 = normal(vec4f(values[1]) * scale + shift);
  let y_2 = normal(vec4f(values[2]) * scale + shift);
  let y_3 = normal(vec4f(values[3]) * scale + shift);
  return Block(
    select(Factor(), Factor(y_0), fetched.live.x),
    select(Factor(), Factor(y_1), fetched.live.y),
    select(Factor(), Factor(y_2), fetched.live.z),
    select(Factor(), Factor(y_3), fetched.live.w),
  );
}

fn normal(y: vec4f) -> vec4f {
//#if INPUT_RELU
  // NaN is preserved.
  return select(y, vec4f(0.0), y <= vec4f(0.0));
//#else
  return y;
//#end
}
//#end

const tile_rows = TY * ROWS;
const tile_columns = TX * COLUMNS; // vectors
const tile_quads = DEPTH / 4u;
const tile_steps = tile_quads / QUADS;
const nowhere = 0xffffffffu;
// An invocation reads all of a line at constant places, so that only the line's index is checked against the array's
// size. The paddings of lines and pitch put what a subgroup reads and writes into different banks.
const a_line_size = QUADS * ROWS + 1u;
const b_line_size = QUADS * COLUMNS * 4u + 1u;
const a_pitch = TY + 2u;

var<workgroup> a_tile: array<array<Factor, a_line_size>, tile_steps * a_pitch>;
var<workgroup> b_tile: array<array<Factor, b_line_size>, tile_steps * TX>;

fn kernel(group: u32, lane: u32) {
  let tile = tile_of(group);
  let tx = lane % TX;
  let ty = lane / TX;
  // The block of 4 x 4 elements of a that this invocation carries, and likewise for b.
//#if A_ROWS_FIRST
  let a_row = 4u * (lane % (tile_rows / 4u));
  let a_quad = (lane / (tile_rows / 4u)) % tile_quads;
//#else
  let a_row = 4u * ((lane / tile_quads) % (tile_rows / 4u));
  let a_quad = lane % tile_quads;
//#end
//#if B_DEPTH_FIRST
  let b_column = (lane / tile_quads) % tile_columns;
  let b_quad = lane % tile_quads;
//#else
  let b_column = lane % tile_columns;
  let b_quad = (lane / tile_columns) % tile_quads;
//#end
  let row = tile.row + a_row;
  let column = tile.column + 4u * b_column;
  // Where in workgroup memory the blocks go.
  let a_line = a_quad / QUADS * a_pitch + a_row % TY;
  let a_place = a_quad % QUADS * ROWS + a_row / TY;
  let b_line = b_quad / QUADS * TX + b_column % TX;
  let b_place = b_quad % QUADS * 4u * COLUMNS + b_column / TX;
//#for I in ROWS
//#for J in COLUMNS
  var s_I_J = vec4f(0.0);
//#end
//#end
//#if HALVES
  // Half of the workgroup carries a, the other half b.
  let carries_a = lane < tile_rows * tile_quads / 4u;
  var next = FetchedA();
  if (carries_a) {
    prepare_a(tile, row, tile.begin + 4u * a_quad);
    next = fetch_a(tile, row, tile.begin + 4u * a_quad);
  } else {
    prepare_b(tile, tile.begin + 4u * b_quad, column);
    next = fetch_b(tile, tile.begin + 4u * b_quad, column);
  }
//#else
//#if !ALL_B
  let carries_b = lane < tile_columns * tile_quads;
//#end
  prepare_a(tile, row, tile.begin + 4u * a_quad);
  var a_next = fetch_a(tile, row, tile.begin + 4u * a_quad);
  prepare_b(tile, tile.begin + 4u * b_quad, column);
//#if ALL_B
  var b_next = fetch_b(tile, tile.begin + 4u * b_quad, column);
//#else
  var b_next = FetchedB();
  if (carries_b) {
    b_next = fetch_b(tile, tile.begin + 4u * b_quad, column);
  }
//#end
//#end
  let rounds = (tile.end - tile.begin + DEPTH - 1u) / DEPTH;
  // All of the workgroup's invocations run the same rounds.
  for (var round = 0u; round < rounds; round++) {
//#if HALVES
    if (carries_a) {
      let block = block_a(next);
//#for I in 4
      a_tile[a_line + I][a_place] = block[I];
//#end
    } else {
      let block = block_b(next);
//#for I in 4
      b_tile[b_line][b_place + I * COLUMNS] = block[I];
//#end
    }
//#else
    let a_block = block_a(a_next);
//#for I in 4
    a_tile[a_line + I][a_place] = a_block[I];
//#end
//#if !ALL_B
    if (carries_b) {
//#end
    let b_block = block_b(b_next);
//#for I in 4
    b_tile[b_line][b_place + I * COLUMNS] = b_block[I];
//#end
//#if !ALL_B
    }
//#end
//#end
    workgroupBarrier();
    // The last round's fetch is in vain.
    let k = tile.begin + (round + 1u) * DEPTH;
//#if HALVES
    if (carries_a) {
      next = fetch_a(tile, row, k + 4u * a_quad);
    } else {
      next = fetch_b(tile, k + 4u * b_quad, column);
    }
//#else
    a_next = fetch_a(tile, row, k + 4u * a_quad);
//#if ALL_B
    b_next = fetch_b(tile, k + 4u * b_quad, column);
//#else
    if (carries_b) {
      b_next = fetch_b(tile, k + 4u * b_quad, column);
    }
//#end
//#end
    for (var step = 0u; step < tile_steps; step++) {
      let a_at = step * a_pitch + ty;
      let b_at = step * TX + tx;
//#for Q in QUADS
//#for I in ROWS
      let a_Q_I = a_tile[a_at][Q * ROWS + I];
//#end
//#for K in 4
//#for J in COLUMNS
      let b_Q_K_J = b_tile[b_at][(4 * Q + K) * COLUMNS + J];
//#for I in ROWS
//#if HALF_PRODUCTS
//#if Q
      h_I_J += a_Q_I[K] * b_Q_K_J;
//#else
//#if K
      h_I_J += a_Q_I[K] * b_Q_K_J;
//#else
      var h_I_J = a_Q_I[K] * b_Q_K_J;
//#end
//#end
//#else
      s_I_J += a_Q_I[K] * b_Q_K_J;
//#end
//#end
//#end
//#end
//#end
//#if HALF_PRODUCTS
//#for I in ROWS
//#for J in COLUMNS
      s_I_J += vec4f(h_I_J);
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
//#if SUMS
    s_I_J = store(place_I, tile.column + 4u * (J * TX + tx), s_I_J);
//#else
    store(place_I, tile.column + 4u * (J * TX + tx), s_I_J);
//#end
//#end
  }
//#end
//#if SUMS
  let share = group / p.column_tiles;
//#for J in COLUMNS
  {
    let vector = tile.column / 4u + J * TX + tx;
    let exists = vector < p.outputs / 4u;
    var column: Column;
    var places: ColumnPlaces;
//#for I in ROWS
    column.r_I = s_I_J;
    places.live_I = exists && place_I != nowhere;
    places.at_I = select(0u, place_I / 4u + vector, places.live_I);
//#end
//#if HALF_PRODUCTS
    sum_column(column, places, select(0u, vector, exists), tx * TY + ty, ty);
    workgroupBarrier();
    let combined = tile.column / 4u + J * TX + lane;
    if (lane < TX && combined < p.outputs / 4u && share < p.sum_shares) {
      combine_column(combined, lane * TY, share);
    }
    workgroupBarrier();
//#else
    sum_column(column, places, select(0u, vector, exists), (J * TX + tx) * TY + ty, ty);
//#end
  }
//#end
//#if !HALF_PRODUCTS
  workgroupBarrier();
  let vector = tile.column / 4u + lane;
  if (lane < tile_columns && vector < p.outputs / 4u && share < p.sum_shares) {
    combine_column(vector, lane * TY, share);
  }
//#end
//#end
}
