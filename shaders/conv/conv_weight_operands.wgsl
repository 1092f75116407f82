// Operands of matmul_tile.wgsl for the gradient of a convolution's weights, see conv_weight_gradient.wgsl: rows are
// (tap y, tap x, input channel), columns the output channels, and k runs over a share of the pixels (n, oy, ox).
//
// Operands: x [images, height, width, inputs]; gy [images, out_height, out_width, outputs]; partial [shares,
// kernel_height, kernel_width, inputs, outputs], or with SWAPPED [.., outputs, inputs]. With DEEP input channels come
// in vectors, with WIDE output channels do. With NORMALIZED, which needs DEEP, the batch norm x * input_scale +
// input_shift (with INPUT_RELU not below 0) stands for x, with B_NORMALIZED, which needs WIDE, that of gy for gy.

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
//#if NORMALIZED
var<private> a_scale: vec4f;
var<private> a_shift: vec4f;
//#end
//#if B_NORMALIZED
var<private> b_scale: vec4f;
var<private> b_shift: vec4f;
//#end

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

// The pixel (column, row, image) that this invocation is at, and what DEPTH pixels more add to its digits.
var<private> pixel: vec3u;
var<private> stride: vec3u;

fn pixel_at(k: u32) -> vec3u {
  return vec3u(k % p.out_width, (k / p.out_width) % p.out_height, k / p.out_width / p.out_height);
}

fn prepare_a(tile: Tile, row: u32, k: u32) {
  pixel = pixel_at(k);
  stride = pixel_at(DEPTH);
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
//#if NORMALIZED
  a_scale = input_scale_at(channels[0] / 4u);
  a_shift = input_shift_at(channels[0] / 4u);
//#end
}

fn prepare_b(tile: Tile, k: u32, column: u32) {
//#if B_NORMALIZED
  b_scale = input_scale_at(column / 4u);
  b_shift = input_shift_at(column / 4u);
//#end
}

// Advances `pixel`. All digits are below their radixes, so that each sum carries at most once.
fn advance_pixel() {
  let x = pixel.x + stride.x;
  let row_ends = x >= p.out_width;
  let y = pixel.y + stride.y + select(0u, 1u, row_ends);
  let image_ends = y >= p.out_height;
  pixel = vec3u(
    x - select(0u, p.out_width, row_ends),
    y - select(0u, p.out_height, image_ends),
    pixel.z + stride.z + select(0u, 1u, image_ends),
  );
}

// Where the tap of a row meets an output pixel's input: column, row.
fn met_by(place: vec3u, tap: vec2i) -> vec2u {
  return vec2u(vec2i(place.xy * vec2u(p.stride_x, p.stride_y)) + tap);
}

// That input's place in x, in vectors of CHANNELS.
fn place_in_x(image: u32, at: vec2u, channel: u32) -> u32 {
  return ((image * p.height + at.y) * p.width + at.x) * (p.inputs / CHANNELS) + channel / CHANNELS;
}

fn fetch_a(tile: Tile, row: u32, k: u32) -> FetchedA {
  var place = pixel;
  advance_pixel();
  var value = MatrixA();
  var live = vec4<bool>(true);
//#for K in 4
  {
    // Not &&, which is a branch.
//#if DEEP
    let at = met_by(place, taps[0]);
    live[K] = (k + K < tile.end) & (at.x < p.width) & (at.y < p.height);
    value[K] = VectorA(x_stored_at(place_in_x(place.z, at, channels[0])));
//#else
//#for I in 4
    {
      let at = met_by(place, taps[I]);
      let inside = (k + K < tile.end) & (at.x < p.width) & (at.y < p.height);
      value[K][I] = select(0.0, x_at(select(0u, place_in_x(place.z, at, channels[I]), inside)), inside);
    }
//#end
//#end
  }
  place = next_pixel(place, p.out_width, p.out_height);
//#end
  return FetchedA(value, live);
}

fn block_a(fetched: FetchedA) -> Block {
//#if NORMALIZED
  return transpose(normalized(fetched, a_scale, a_shift));
//#else
  return transpose(live_a(fetched));
//#end
}

fn fetch_b(tile: Tile, k: u32, column: u32) -> FetchedB {
  let at = k * p.outputs + column;
//#if WIDE
  let first = at / 4u;
  let step = p.outputs / 4u;
  return FetchedB(
    MatrixB(
      VectorB(gy_stored_at(first)),
      VectorB(gy_stored_at(first + step)),
      VectorB(gy_stored_at(first + 2u * step)),
      VectorB(gy_stored_at(first + 3u * step)),
    ),
    vec4u(k, k + 1u, k + 2u, k + 3u) < vec4u(tile.end),
  );
//#else
  var value = MatrixB();
//#for K in 4
//#for J in 4
  if (k + K < tile.end && column + J < p.outputs) {
    value[K][J] = gy_at(at + K * p.outputs + J);
  }
//#end
//#end
  return FetchedB(value, vec4<bool>(true));
//#end
}

fn block_b(fetched: FetchedB) -> Block {
//#if B_NORMALIZED
  return normalized(fetched, b_scale, b_shift);
//#else
  return live_b(fetched);
//#end
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
