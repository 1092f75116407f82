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

// Four elements (along the last axis) of a matrix [first, last], and zeros outside of it.
fn load_a(base: u32, first: u32, last: u32, sizes: vec2u) -> vec4f {
//#if VECTORS
  let inside = first < sizes.x && last < sizes.y;
  return select(vec4f(0.0), a_at(select(0u, (base + first * sizes.y + last) / 4u, inside)), inside);
//#else
  var value = vec4f(0.0);
//#for I in 4
  if (first < sizes.x && last + I < sizes.y) {
    value[I] = a_at(base + first * sizes.y + last + I);
  }
//#end
  return value;
//#end
}

fn load_b(base: u32, first: u32, last: u32, sizes: vec2u) -> vec4f {
//#if VECTORS
  let inside = first < sizes.x && last < sizes.y;
  return select(vec4f(0.0), b_at(select(0u, (base + first * sizes.y + last) / 4u, inside)), inside);
//#else
  var value = vec4f(0.0);
//#for I in 4
  if (first < sizes.x && last + I < sizes.y) {
    value[I] = b_at(base + first * sizes.y + last + I);
  }
//#end
  return value;
//#end
}

fn prepare_a(tile: Tile, row: u32) {}

fn fetch_a(tile: Tile, row: u32, k: u32) -> mat4x4f {
//#if A_TRANSPOSED
  let sizes = vec2u(tile.end, p.m);
  return transpose(mat4x4f(
    load_a(tile.a_base, k, row, sizes),
    load_a(tile.a_base, k + 1u, row, sizes),
    load_a(tile.a_base, k + 2u, row, sizes),
    load_a(tile.a_base, k + 3u, row, sizes),
  ));
//#else
  let sizes = vec2u(p.m, p.k);
  return mat4x4f(
    load_a(tile.a_base, row, k, sizes),
    load_a(tile.a_base, row + 1u, k, sizes),
    load_a(tile.a_base, row + 2u, k, sizes),
    load_a(tile.a_base, row + 3u, k, sizes),
  );
//#end
}

fn fetch_b(tile: Tile, k: u32, column: u32) -> mat4x4f {
//#if B_TRANSPOSED
  let sizes = vec2u(p.n, p.k);
  return transpose(mat4x4f(
    load_b(tile.b_base, column, k, sizes),
    load_b(tile.b_base, column + 1u, k, sizes),
    load_b(tile.b_base, column + 2u, k, sizes),
    load_b(tile.b_base, column + 3u, k, sizes),
  ));
//#else
  let sizes = vec2u(tile.end, p.n);
  return mat4x4f(
    load_b(tile.b_base, k, column, sizes),
    load_b(tile.b_base, k + 1u, column, sizes),
    load_b(tile.b_base, k + 2u, column, sizes),
    load_b(tile.b_base, k + 3u, column, sizes),
  );
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
