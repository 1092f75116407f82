// Operands of matmul_tile.wgsl for a convolution or a transposed one (see naive.wgsl): rows are the pixels of a phase
// of the output, columns the output channels, and k runs over (tap y, tap x, input channel). Nothing is unfolded in
// memory. With SHARED each share of k goes to its own slab of `partial`, and conv_fold.wgsl ends the convolution.
//
// Operands: x [images, height, width, inputs]; w [kernel_height, kernel_width, inputs, outputs], or with SWAPPED
// [.., outputs, inputs]; and with SHARED partial [shares, images, out_height, out_width, outputs], else bias [outputs]
// (anything if has_bias is 0) and what finish() stores to, see runtime/kernels/pointwise/epilogue.ts. With NORMALIZED,
// which needs DEEP, the convolution is of the batch norm x * input_scale + input_shift [inputs] (with INPUT_RELU not
// below 0) instead of x. With DEEP input channels come in vectors, with WIDE output channels do.

struct Tile {
  row: u32,
  column: u32,
  begin: u32,
  end: u32,
  rows: Axis,
  columns: Axis,
  share: u32,
}

// Where tap (0, 0) of the four rows that this invocation carries lies: column and row, and its place in x in vectors of
// DEPTH channels. Both may be outside of the image.
var<private> corners: array<vec2i, 4>;
var<private> places: array<i32, 4>;

// A place in the sum: tap (across, down) and input channel.
struct Walk {
  across: u32,
  down: u32,
  channel: u32,
}

var<private> a_walk: Walk;
var<private> b_walk: Walk;
// What DEPTH elements more add to the digits of a place.
var<private> stride: Walk;

fn walk_to(tile: Tile, k: u32) -> Walk {
  let taps = max(tile.columns.taps, 1u);
  let tap = k / p.inputs;
  return Walk(tap % taps, tap / taps, k % p.inputs);
}

// The place DEPTH elements on. All digits are below their radixes, so that each sum carries at most once.
fn next_walk(tile: Tile, walk: Walk) -> Walk {
  let taps = max(tile.columns.taps, 1u);
  let channel = walk.channel + stride.channel;
  let next_tap = channel >= p.inputs;
  let across = walk.across + stride.across + select(0u, 1u, next_tap);
  let next_row = across >= taps;
  return Walk(
    across - select(0u, taps, next_row),
    walk.down + stride.down + select(0u, 1u, next_row),
    channel - select(0u, p.inputs, next_tap),
  );
}

fn tile_of(group: u32) -> Tile {
  let tiles = p.row_tiles * p.column_tiles;
  let phases = select(1u, p.stride_y * p.stride_x, p.is_transposed != 0u);
  let phase = group / tiles % phases;
  var tile = Tile();
  tile.share = group / tiles / phases;
  // Where the grid was rounded up, a workgroup past the last share has no output.
  tile.row = select((group / p.column_tiles % p.row_tiles) * tile_rows, 0xffff0000u, tile.share >= p.shares);
  tile.column = (group % p.column_tiles) * tile_columns * 4u;
  if (p.is_transposed != 0u) {
    let phase_y = phase / p.stride_x;
    tile.rows = transposed_axis(p.out_height, phase_y, p.kernel_height, p.stride_y, p.padding_y, p.dilation_y);
    let phase_x = phase % p.stride_x;
    tile.columns = transposed_axis(p.out_width, phase_x, p.kernel_width, p.stride_x, p.padding_x, p.dilation_x);
  } else {
    tile.rows = forward_axis(p.out_height, p.kernel_height, p.stride_y, p.padding_y, p.dilation_y);
    tile.columns = forward_axis(p.out_width, p.kernel_width, p.stride_x, p.padding_x, p.dilation_x);
  }
  // A phase may have fewer taps than others, so that the last shares have nothing to add.
  let depth = tile.rows.taps * tile.columns.taps * p.inputs;
  tile.begin = min(tile.share * p.depth_a_share, depth);
  tile.end = min(tile.begin + p.depth_a_share, depth);
  return tile;
}

fn pixel_of(tile: Tile, row: u32) -> vec3u {
  let width = tile.columns.size;
  return vec3u(row % width, (row / width) % tile.rows.size, row / width / tile.rows.size);
}

fn prepare_a(tile: Tile, row: u32, k: u32) {
  stride = walk_to(tile, DEPTH);
  a_walk = walk_to(tile, k);
  var pixel = pixel_of(tile, row);
//#for I in 4
  {
    let left = i32(pixel.x) * tile.columns.input_step + tile.columns.input_start;
    let top = i32(pixel.y) * tile.rows.input_step + tile.rows.input_start;
    corners[I] = vec2i(left, top);
    places[I] = ((i32(pixel.z * p.height) + top) * i32(p.width) + left) * i32(p.inputs / CHANNELS);
  }
  pixel = next_pixel(pixel, tile.columns.size, tile.rows.size);
//#end
}

fn prepare_b(tile: Tile, k: u32, column: u32) {
  stride = walk_to(tile, DEPTH);
  b_walk = walk_to(tile, k);
}

// True if the pixel at a distance from a corner is in the image.
fn meets(corner: vec2i, distance: vec2i) -> bool {
  let at = vec2u(corner + distance);
  // Not &&, which is a branch.
  return (at.x < p.width) & (at.y < p.height);
}

// How far the tap of a place lies from tap (0, 0) in x: in pixels, and in vectors of channels.
fn distance_of(tile: Tile, walk: Walk) -> vec2i {
  return vec2i(i32(walk.across) * tile.columns.input_tap_step, i32(walk.down) * tile.rows.input_tap_step);
}

fn step_of(distance: vec2i, walk: Walk) -> i32 {
  return (distance.y * i32(p.width) + distance.x) * i32(p.inputs / CHANNELS) + i32(walk.channel / CHANNELS);
}

//#if NORMALIZED
// Of the channels that were fetched last.
var<private> a_scale: vec4f;
var<private> a_shift: vec4f;
//#end

fn fetch_a(tile: Tile, row: u32, k: u32) -> FetchedA {
//#if DEEP
//#if NORMALIZED
  a_scale = input_scale_at(a_walk.channel / 4u);
  a_shift = input_shift_at(a_walk.channel / 4u);
//#end
  let distance = distance_of(tile, a_walk);
  let step = step_of(distance, a_walk);
  let exists = a_walk.down < tile.rows.taps;
  a_walk = next_walk(tile, a_walk);
  return FetchedA(MatrixA(
    VectorA(x_stored_at(u32(places[0] + step))),
    VectorA(x_stored_at(u32(places[1] + step))),
    VectorA(x_stored_at(u32(places[2] + step))),
    VectorA(x_stored_at(u32(places[3] + step))),
  ), vec4<bool>(
    exists & meets(corners[0], distance),
    exists & meets(corners[1], distance),
    exists & meets(corners[2], distance),
    exists & meets(corners[3], distance),
  ));
//#else
  var value = MatrixA();
//#for K in 4
  {
    let walk = walk_to(tile, k + K);
    let distance = distance_of(tile, walk);
    let step = step_of(distance, walk);
    let exists = k + K < tile.end;
//#for I in 4
    {
      let inside = exists & meets(corners[I], distance);
      value[I][K] = select(0.0, x_at(select(0u, u32(places[I] + step), inside)), inside);
    }
//#end
  }
//#end
  return FetchedA(value, vec4<bool>(true));
//#end
}

fn block_a(fetched: FetchedA) -> Block {
//#if NORMALIZED
  return normalized(fetched, a_scale, a_shift);
//#else
  return live_a(fetched);
//#end
}

// The kernel's tap of a place in the sum.
fn kernel_tap(tile: Tile, walk: Walk) -> u32 {
  let y = tile.rows.first_tap + walk.down * tile.rows.tap_step;
  return y * p.kernel_width + tile.columns.first_tap + walk.across * tile.columns.tap_step;
}

fn fetch_b(tile: Tile, k: u32, column: u32) -> FetchedB {
//#if DEEP
  // The elements k..k+3 are channels of one tap.
  let walk = b_walk;
  b_walk = next_walk(tile, b_walk);
//#if SWAPPED
  let at = ((kernel_tap(tile, walk) * p.outputs + column) * p.inputs + walk.channel) / 4u;
  let step = p.inputs / 4u;
  return FetchedB(MatrixB(
    VectorB(w_stored_at(at)),
    VectorB(w_stored_at(at + step)),
    VectorB(w_stored_at(at + 2u * step)),
    VectorB(w_stored_at(at + 3u * step)),
  ), vec4<bool>(k < tile.end));
//#else
  let at = (kernel_tap(tile, walk) * p.inputs + walk.channel) * p.outputs + column;
//#if WIDE
  let first = at / 4u;
  let step = p.outputs / 4u;
  return FetchedB(MatrixB(
    VectorB(w_stored_at(first)),
    VectorB(w_stored_at(first + step)),
    VectorB(w_stored_at(first + 2u * step)),
    VectorB(w_stored_at(first + 3u * step)),
  ), vec4<bool>(k < tile.end));
//#else
  var value = MatrixB();
//#for K in 4
//#for J in 4
  if (k < tile.end && column + J < p.outputs) {
    value[K][J] = w_at(at + K * p.outputs + J);
  }
//#end
//#end
  return FetchedB(value, vec4<bool>(true));
//#end
//#end
//#else
  var value = MatrixB();
//#for K in 4
  {
    let walk = walk_to(tile, k + K);
    let tap = kernel_tap(tile, walk);
//#for J in 4
    if (k + K < tile.end && column + J < p.outputs) {
//#if SWAPPED
      value[J][K] = w_at((tap * p.outputs + column + J) * p.inputs + walk.channel);
//#else
//#if WIDE
      value[K][J] = w_at(((tap * p.inputs + walk.channel) * p.outputs + column) / 4u)[J];
//#else
      value[K][J] = w_at((tap * p.inputs + walk.channel) * p.outputs + column + J);
//#end
//#end
    }
//#end
  }
//#end
  return FetchedB(value, vec4<bool>(true));
//#end
}

fn block_b(fetched: FetchedB) -> Block {
//#if SWAPPED
  return transpose(live_b(fetched));
//#else
  return live_b(fetched);
//#end
}

fn place_of(tile: Tile, row: u32) -> u32 {
  let pixel = pixel_of(tile, row);
  let oy = pixel.y * tile.rows.output_step + tile.rows.output_start;
  let ox = pixel.x * tile.columns.output_step + tile.columns.output_start;
  let exists = pixel.z < p.images && oy < p.out_height && ox < p.out_width;
  // Each share has images of its own; without sharing out there is one.
  let image = tile.share * p.images + pixel.z;
  return select(nowhere, ((image * p.out_height + oy) * p.out_width + ox) * p.outputs, exists);
}

fn store(place: u32, column: u32, value: vec4f) -> vec4f {
//#if SHARED
  let to = place + column;
//#if WIDE
  if (column < p.outputs) {
    partial_put(to / 4u, value);
  }
//#else
  for (var c = column; c < min(column + 4u, p.outputs); c++) {
    partial_put(to + c - column, value[c - column]);
  }
//#end
//#else
  let pixel = place / p.outputs;
  let x = pixel % p.out_width;
  let y = (pixel / p.out_width) % p.out_height;
  let n = pixel / p.out_width / p.out_height;
//#if WIDE
  if (column < p.outputs) {
    let c = column / 4u;
    let added = select(vec4f(0.0), bias_at(select(0u, c, p.has_bias != 0u)), p.has_bias != 0u);
    return finish(value + added, (place + column) / 4u, n, y, x, c, fixed_at(n, c));
  }
//#else
  // A loop, so that the text holds one store only.
  for (var c = column; c < min(column + 4u, p.outputs); c++) {
    let added = select(0.0, bias_at(select(0u, c, p.has_bias != 0u)), p.has_bias != 0u);
    finish(value[c - column] + added, place + c, n, y, x, c, fixed_at(n, c));
  }
//#end
//#end
  return vec4f(0.0);
}
