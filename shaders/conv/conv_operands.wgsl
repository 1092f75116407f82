// Operands of matmul_tile.wgsl for a convolution or a transposed one (see naive.wgsl): rows are the pixels of a phase
// of the output, columns the output channels, and k runs over (tap y, tap x, input channel). Nothing is unfolded in
// memory.
//
// Operands: x [images, height, width, inputs]; w [kernel_height, kernel_width, inputs, outputs], or with SWAPPED
// [.., outputs, inputs]; bias [outputs] (anything if has_bias is 0); and what finish() stores to, see
// runtime/kernels/pointwise/epilogue.ts. With DEEP input channels come in vectors, with WIDE output channels do.

struct Tile {
  row: u32,
  column: u32,
  begin: u32,
  end: u32,
  rows: Axis,
  columns: Axis,
}

// Where tap (0, 0) of the four rows that this invocation carries lies: column, row, image.
var<private> corners: array<vec3i, 4>;

fn tile_of(group: u32) -> Tile {
  let tiles = p.row_tiles * p.column_tiles;
  let phase = group / tiles;
  var tile = Tile();
  tile.row = (group / p.column_tiles % p.row_tiles) * tile_rows;
  tile.column = (group % p.column_tiles) * tile_columns * 4u;
  if (p.is_transposed != 0u) {
    let phase_y = phase / p.stride_x;
    // A phase past the last one, where the grid was rounded up, has no output.
    tile.row = select(tile.row, 0xffff0000u, phase_y >= p.stride_y);
    tile.rows = transposed_axis(p.out_height, phase_y, p.kernel_height, p.stride_y, p.padding_y, p.dilation_y);
    let phase_x = phase % p.stride_x;
    tile.columns = transposed_axis(p.out_width, phase_x, p.kernel_width, p.stride_x, p.padding_x, p.dilation_x);
  } else {
    tile.row = select(tile.row, 0xffff0000u, phase > 0u);
    tile.rows = forward_axis(p.out_height, p.kernel_height, p.stride_y, p.padding_y, p.dilation_y);
    tile.columns = forward_axis(p.out_width, p.kernel_width, p.stride_x, p.padding_x, p.dilation_x);
  }
  tile.end = tile.rows.taps * tile.columns.taps * p.inputs;
  return tile;
}

fn pixel_of(tile: Tile, row: u32) -> vec3u {
  let width = tile.columns.size;
  return vec3u(row % width, (row / width) % tile.rows.size, row / width / tile.rows.size);
}

fn prepare_a(tile: Tile, row: u32) {
  var pixel = pixel_of(tile, row);
//#for I in 4
  // Pixels past the last image get a row that no tap reaches.
  corners[I] = vec3i(
    i32(pixel.x) * tile.columns.input_step + tile.columns.input_start,
    select(-0x40000000, i32(pixel.y) * tile.rows.input_step + tile.rows.input_start, pixel.z < p.images),
    i32(pixel.z),
  );
  pixel = next_pixel(pixel, tile.columns.size, tile.rows.size);
//#end
}

// The elements ci.. of the pixel that tap (tx, ty) of a row meets.
fn load_x(tile: Tile, corner: vec3i, tap: vec2u, ci: u32) -> X {
  let iy = u32(corner.y + i32(tap.y) * tile.rows.input_tap_step);
  let ix = u32(corner.x + i32(tap.x) * tile.columns.input_tap_step);
  let inside = iy < p.height && ix < p.width && tap.y < tile.rows.taps;
  let at = ((u32(corner.z) * p.height + iy) * p.width + ix) * p.inputs + ci;
  return select(X(0.0), x_at(select(0u, at / DEPTH, inside)), inside);
}

fn tap_of(tile: Tile, k: u32) -> vec2u {
  let tap = k / p.inputs;
  return vec2u(tap % max(tile.columns.taps, 1u), tap / max(tile.columns.taps, 1u));
}

fn fetch_a(tile: Tile, row: u32, k: u32) -> mat4x4f {
//#if DEEP
  let tap = tap_of(tile, k);
  let ci = k % p.inputs;
  return mat4x4f(
    load_x(tile, corners[0], tap, ci),
    load_x(tile, corners[1], tap, ci),
    load_x(tile, corners[2], tap, ci),
    load_x(tile, corners[3], tap, ci),
  );
//#else
  var value = mat4x4f();
//#for K in 4
  {
    let tap = tap_of(tile, k + K);
    let ci = (k + K) % p.inputs;
//#for I in 4
    value[I][K] = load_x(tile, corners[I], tap, ci);
//#end
  }
//#end
  return value;
//#end
}

// The kernel's tap that k belongs to.
fn kernel_tap(tile: Tile, k: u32) -> u32 {
  let tap = tap_of(tile, k);
  let y = tile.rows.first_tap + tap.y * tile.rows.tap_step;
  return y * p.kernel_width + tile.columns.first_tap + tap.x * tile.columns.tap_step;
}

//#if SWAPPED
// Elements k..k+3 of one column.
fn load_w(tile: Tile, k: u32, column: u32) -> vec4f {
//#if DEEP
  let at = (kernel_tap(tile, k) * p.outputs + column) * p.inputs + k % p.inputs;
  let inside = k < tile.end && column < p.outputs;
  return select(vec4f(0.0), w_at(select(0u, at / 4u, inside)), inside);
//#else
  var value = vec4f(0.0);
//#for K in 4
  if (k + K < tile.end && column < p.outputs) {
    value[K] = w_at((kernel_tap(tile, k + K) * p.outputs + column) * p.inputs + (k + K) % p.inputs);
  }
//#end
  return value;
//#end
}

fn fetch_b(tile: Tile, k: u32, column: u32) -> mat4x4f {
  return transpose(mat4x4f(
    load_w(tile, k, column),
    load_w(tile, k, column + 1u),
    load_w(tile, k, column + 2u),
    load_w(tile, k, column + 3u),
  ));
}
//#else
// Columns column..column+3 of element k.
fn load_w(tile: Tile, k: u32, column: u32) -> vec4f {
  let at = (kernel_tap(tile, k) * p.inputs + k % p.inputs) * p.outputs + column;
//#if WIDE
  let inside = k < tile.end && column < p.outputs;
  return select(vec4f(0.0), w_at(select(0u, at / 4u, inside)), inside);
//#else
  var value = vec4f(0.0);
//#for J in 4
  if (k < tile.end && column + J < p.outputs) {
    value[J] = w_at(at + J);
  }
//#end
  return value;
//#end
}

fn fetch_b(tile: Tile, k: u32, column: u32) -> mat4x4f {
  return mat4x4f(
    load_w(tile, k, column),
    load_w(tile, k + 1u, column),
    load_w(tile, k + 2u, column),
    load_w(tile, k + 3u, column),
  );
}
//#end

fn place_of(tile: Tile, row: u32) -> u32 {
  let pixel = pixel_of(tile, row);
  let oy = pixel.y * tile.rows.output_step + tile.rows.output_start;
  let ox = pixel.x * tile.columns.output_step + tile.columns.output_start;
  let exists = pixel.z < p.images && oy < p.out_height && ox < p.out_width;
  return select(nowhere, ((pixel.z * p.out_height + oy) * p.out_width + ox) * p.outputs, exists);
}

fn store(place: u32, column: u32, value: vec4f) {
  let pixel = place / p.outputs;
  let x = pixel % p.out_width;
  let y = (pixel / p.out_width) % p.out_height;
  let n = pixel / p.out_width / p.out_height;
//#if WIDE
  if (column < p.outputs) {
    let c = column / 4u;
    let added = select(vec4f(0.0), bias_at(select(0u, c, p.has_bias != 0u)), p.has_bias != 0u);
    finish(value + added, (place + column) / 4u, n, y, x, c, fixed_at(n, c));
  }
//#else
  // A loop, so that the text holds one store only.
  for (var c = column; c < min(column + 4u, p.outputs); c++) {
    let added = select(0.0, bias_at(select(0u, c, p.has_bias != 0u)), p.has_bias != 0u);
    finish(value[c - column] + added, place + c, n, y, x, c, fixed_at(n, c));
  }
//#end
}
