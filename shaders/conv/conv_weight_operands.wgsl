// Operands of matmul_tile.wgsl for the gradient of a convolution's weights, see conv_weight_gradient.wgsl: rows are
// (tap y, tap x, input channel), columns the output channels, and k runs over a share of the pixels (n, oy, ox).
//
// Operands: x [images, height, width, inputs]; gy [images, out_height, out_width, outputs]; partial [shares,
// kernel_height, kernel_width, inputs, outputs], or with SWAPPED [.., outputs, inputs]. With DEEP input channels come
// in vectors, with WIDE output channels do.

struct Tile {
  row: u32,
  column: u32,
  begin: u32,
  end: u32,
  share: u32,
}

// What the rows that this invocation carries add to a pixel's place: column, row; and their input channels.
var<private> taps: array<vec2i, TAPS>;
var<private> channels: array<u32, TAPS>;

fn tile_of(group: u32) -> Tile {
  let share = group / (p.row_tiles * p.column_tiles);
  let begin = min(share * p.pixels_a_share, p.pixels);
  return Tile(
    (group / p.column_tiles % p.row_tiles) * tile_rows,
    (group % p.column_tiles) * tile_columns * 4u,
    begin,
    min(begin + p.pixels_a_share, p.pixels),
    share,
  );
}

fn prepare_a(tile: Tile, row: u32) {
//#for I in TAPS
  {
    let tap = (row + I) / p.inputs;
    let ky = tap / p.kernel_width;
    // Rows past the last tap get a place that is in no image.
    let dy = select(-0x40000000, i32(ky * p.dilation_y) - i32(p.padding_y), ky < p.kernel_height);
    taps[I] = vec2i(i32((tap % p.kernel_width) * p.dilation_x) - i32(p.padding_x), dy);
    channels[I] = (row + I) % p.inputs;
  }
//#end
}

fn load_x(place: vec3u, live: bool, tap: vec2i, channel: u32) -> X {
  let iy = u32(i32(place.y * p.stride_y) + tap.y);
  let ix = u32(i32(place.x * p.stride_x) + tap.x);
  let inside = live && iy < p.height && ix < p.width;
  let at = ((place.z * p.height + iy) * p.width + ix) * p.inputs + channel;
  return select(X(0.0), x_at(select(0u, at / DEPTH, inside)), inside);
}

fn fetch_a(tile: Tile, row: u32, k: u32) -> mat4x4f {
  var place = vec3u(k % p.out_width, (k / p.out_width) % p.out_height, k / p.out_width / p.out_height);
  var value = mat4x4f();
//#for K in 4
  {
    let live = k + K < tile.end;
//#if DEEP
    value[K] = load_x(place, live, taps[0], channels[0]);
//#else
//#for I in 4
    value[K][I] = load_x(place, live, taps[I], channels[I]);
//#end
//#end
  }
  place = next_pixel(place, p.out_width, p.out_height);
//#end
  return transpose(value);
}

fn load_gy(tile: Tile, k: u32, column: u32) -> vec4f {
//#if WIDE
  let inside = k < tile.end && column < p.outputs;
  return select(vec4f(0.0), gy_at(select(0u, (k * p.outputs + column) / 4u, inside)), inside);
//#else
  var value = vec4f(0.0);
//#for J in 4
  if (k < tile.end && column + J < p.outputs) {
    value[J] = gy_at(k * p.outputs + column + J);
  }
//#end
  return value;
//#end
}

fn fetch_b(tile: Tile, k: u32, column: u32) -> mat4x4f {
  return mat4x4f(
    load_gy(tile, k, column),
    load_gy(tile, k + 1u, column),
    load_gy(tile, k + 2u, column),
    load_gy(tile, k + 3u, column),
  );
}

fn place_of(tile: Tile, row: u32) -> u32 {
  let rows = p.kernel_height * p.kernel_width * p.inputs;
//#if SWAPPED
  let ci = row % p.inputs;
  let place = (tile.share * rows + row - ci) * p.outputs + ci;
//#else
  let place = (tile.share * rows + row) * p.outputs;
//#end
  return select(nowhere, place, row < rows && tile.begin < p.pixels);
}

fn store(place: u32, column: u32, value: vec4f) {
//#if SWAPPED
//#for J in 4
  if (column + J < p.outputs) {
    partial_put(place + (column + J) * p.inputs, value[J]);
  }
//#end
//#else
  let to = place + column;
//#if WIDE
  if (column < p.outputs) {
    partial_put(to / 4u, value);
  }
//#else
//#for J in 4
  if (column + J < p.outputs) {
    partial_put(to + J, value[J]);
  }
//#end
//#end
//#end
}
