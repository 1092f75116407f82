// Operands of matmul_tile.wgsl for batched matrix products: y[z] = a[z] b[z], where a is [m, k] (or [k, m] with
// A_TRANSPOSED) and b is [k, n] (or [n, k] with B_TRANSPOSED). A share of k (of shares_k) goes to its own slab of y, to
// be added up by matmul_fold.wgsl; with one share y is the result.
//
// Operands: a, b, y [shares, batches, m, n], with matrices a given distance apart, in elements. With VECTORS all are
// read and written as vec4f along their last axes, whose sizes must be multiples of 4; without, as f32.

struct Tile {
  row: u32,
  column: u32,
  begin: u32,
  end: u32,
  a_base: u32,
  b_base: u32,
  y_base: u32,
}

fn tile_of(group: u32) -> Tile {
  let slab = group / (p.row_tiles * p.column_tiles); // share * batches + batch
  let batch = slab % p.batches;
  let share = slab / p.batches;
  let begin = share * p.k_a_share;
  return Tile(
    (group / p.column_tiles % p.row_tiles) * tile_rows,
    (group % p.column_tiles) * tile_columns * 4u,
    begin,
    // A workgroup past the last one has nothing to add up.
    select(begin, min(begin + p.k_a_share, p.k), share < p.shares_k),
    batch * p.a_batch,
    batch * p.b_batch,
    slab * p.y_batch,
  );
}

// Four elements (along the last axis) from a place on; what lies past `size` is left out.
fn load_a(at: u32, last: u32, size: u32) -> VectorA {
//#if VECTORS
  return VectorA(a_stored_at(at / 4u));
//#else
  var value = vec4f(0.0);
//#for I in 4
  if (last + I < size) {
    value[I] = a_at(at + I);
  }
//#end
  return value;
//#end
}

fn load_b(at: u32, last: u32, size: u32) -> VectorB {
//#if VECTORS
  return VectorB(b_stored_at(at / 4u));
//#else
  var value = vec4f(0.0);
//#for I in 4
  if (last + I < size) {
    value[I] = b_at(at + I);
  }
//#end
  return value;
//#end
}

// Which of the elements k..k+3 are in the tile's share.
fn live_quad(tile: Tile, k: u32) -> vec4<bool> {
  return vec4u(k, k + 1u, k + 2u, k + 3u) < vec4u(tile.end);
}

fn prepare_a(tile: Tile, row: u32, k: u32) {}

fn prepare_b(tile: Tile, k: u32, column: u32) {}

fn fetch_a(tile: Tile, row: u32, k: u32) -> FetchedA {
//#if A_TRANSPOSED
  let at = tile.a_base + k * p.m + row;
  return FetchedA(MatrixA(
    load_a(at, row, p.m),
    load_a(at + p.m, row, p.m),
    load_a(at + 2u * p.m, row, p.m),
    load_a(at + 3u * p.m, row, p.m),
  ), live_quad(tile, k));
//#else
  // Whole vectors along k exist or do not; what is not read as vectors has its zeros already.
  let at = tile.a_base + row * p.k + k;
  return FetchedA(MatrixA(
    load_a(at, k, p.k),
    load_a(at + p.k, k, p.k),
    load_a(at + 2u * p.k, k, p.k),
    load_a(at + 3u * p.k, k, p.k),
  ), vec4<bool>(k < tile.end));
//#end
}

fn block_a(fetched: FetchedA) -> Block {
//#if A_TRANSPOSED
  return transpose(live_a(fetched));
//#else
  return live_a(fetched);
//#end
}

fn fetch_b(tile: Tile, k: u32, column: u32) -> FetchedB {
//#if B_TRANSPOSED
  let at = tile.b_base + column * p.k + k;
  return FetchedB(MatrixB(
    load_b(at, k, p.k),
    load_b(at + p.k, k, p.k),
    load_b(at + 2u * p.k, k, p.k),
    load_b(at + 3u * p.k, k, p.k),
  ), vec4<bool>(k < tile.end));
//#else
  let at = tile.b_base + k * p.n + column;
  return FetchedB(MatrixB(
    load_b(at, column, p.n),
    load_b(at + p.n, column, p.n),
    load_b(at + 2u * p.n, column, p.n),
    load_b(at + 3u * p.n, column, p.n),
  ), live_quad(tile, k));
//#end
}

fn block_b(fetched: FetchedB) -> Block {
//#if B_TRANSPOSED
  return transpose(live_b(fetched));
//#else
  return live_b(fetched);
//#end
}

fn place_of(tile: Tile, row: u32) -> u32 {
  return select(nowhere, tile.y_base + row * p.n, row < p.m && tile.begin < p.k);
}

fn store(place: u32, column: u32, value: vec4f) {
  let to = place + column;
//#if VECTORS
  if (column < p.n) {
    y_put(to / 4u, value);
  }
//#else
//#for I in 4
  if (column + I < p.n) {
    y_put(to + I, value[I]);
  }
//#end
//#end
}
