// Convolution and transposed convolution (see naive.wgsl) with fewer than 4 output channels on a GPU, where tiles of a
// matrix product would compute 32 columns for one.
//
// Operands: x [images, height, width, inputs] in vectors of 4 channels; w [kernel_height, kernel_width, inputs,
// OUTPUTS], or with WEIGHT_VECTORS [.., OUTPUTS, inputs] in vectors of 4; bias [OUTPUTS] (anything if has_bias is 0);
// and what finish() stores to, see runtime/kernels/pointwise/epilogue.ts.
//
// A row of `channel_lanes` lanes computes PIXELS pixels of a phase: each lane the products of every
// `channel_lanes`-th vector of channels, so that a row reads whole cache lines. The lanes' sums then meet in workgroup
// memory.

const channel_lanes = 16u;
const pixels = LANES / channel_lanes * PIXELS;
// One element more than a row has, so that rows begin in different banks.
const pitch = channel_lanes + 1u;

var<workgroup> sums: array<f32, pixels * OUTPUTS * pitch>;

// Pixel i of a phase: column, row, image.
fn phase_pixel(i: u32, rows: Axis, columns: Axis) -> vec3u {
  return vec3u(i % columns.size, (i / columns.size) % rows.size, i / columns.size / rows.size);
}

fn kernel(group: u32, lane: u32) {
  let phase = group / p.pixel_tiles;
  var rows: Axis;
  var columns: Axis;
  if (p.is_transposed != 0u) {
    rows = transposed_axis(
      p.out_height, phase / p.stride_x, p.kernel_height, p.stride_y, p.padding_y, p.dilation_y);
    columns = transposed_axis(p.out_width, phase % p.stride_x, p.kernel_width, p.stride_x, p.padding_x, p.dilation_x);
  } else {
    rows = forward_axis(p.out_height, p.kernel_height, p.stride_y, p.padding_y, p.dilation_y);
    columns = forward_axis(p.out_width, p.kernel_width, p.stride_x, p.padding_x, p.dilation_x);
  }
  let begin = (group % p.pixel_tiles) * pixels;
  let first = lane / channel_lanes * PIXELS;
  let vectors = p.inputs / 4u;
  var pixel = phase_pixel(begin + first, rows, columns);
//#for I in PIXELS
  let top_I = i32(pixel.y) * rows.input_step + rows.input_start;
  let left_I = i32(pixel.x) * columns.input_step + columns.input_start;
  let place_I = ((i32(pixel.z * p.height) + top_I) * i32(p.width) + left_I) * i32(vectors);
  pixel = next_pixel(pixel, columns.size, rows.size);
//#for J in OUTPUTS
  var s_I_J = 0.0;
//#end
//#end
  for (var ty = 0u; ty < rows.taps; ty++) {
    for (var tx = 0u; tx < columns.taps; tx++) {
      let dy = i32(ty) * rows.input_tap_step;
      let dx = i32(tx) * columns.input_tap_step;
      let step = (dy * i32(p.width) + dx) * i32(vectors);
      let tap = (rows.first_tap + ty * rows.tap_step) * p.kernel_width + columns.first_tap + tx * columns.tap_step;
      for (var c = lane % channel_lanes; c < vectors; c += channel_lanes) {
//#for J in OUTPUTS
//#if WEIGHT_VECTORS
        let w_J = w_at((tap * OUTPUTS + J) * vectors + c);
//#else
        let from_J = (tap * p.inputs + 4u * c) * OUTPUTS + J;
        let w_J = vec4f(w_at(from_J), w_at(from_J + OUTPUTS), w_at(from_J + 2u * OUTPUTS), w_at(from_J + 3u * OUTPUTS));
//#end
//#end
//#for I in PIXELS
        let x_I = x_at(u32(place_I + step) + c);
//#end
//#for I in PIXELS
        // Not &&, which is a branch.
        let inside_I = (u32(top_I + dy) < p.height) & (u32(left_I + dx) < p.width);
        let v_I = select(vec4f(0.0), x_I, inside_I);
//#for J in OUTPUTS
        s_I_J += dot(v_I, w_J);
//#end
//#end
      }
    }
  }
//#for I in PIXELS
//#for J in OUTPUTS
  sums[((first + I) * OUTPUTS + J) * pitch + lane % channel_lanes] = s_I_J;
//#end
//#end
  workgroupBarrier();
  for (var i = lane; i < pixels * OUTPUTS; i += LANES) {
    var sum = sums[i * pitch];
//#for L in 1..16
    sum += sums[i * pitch + L];
//#end
    let at = phase_pixel(begin + i / OUTPUTS, rows, columns);
    let c = i % OUTPUTS;
    let y = at.y * rows.output_step + rows.output_start;
    let x = at.x * columns.output_step + columns.output_start;
    // Where the grid was rounded up, the last phases do not exist.
    if (phase < p.phases && at.z < p.images && y < p.out_height && x < p.out_width) {
      sum += select(0.0, bias_at(select(0u, c, p.has_bias != 0u)), p.has_bias != 0u);
      finish(sum, ((at.z * p.out_height + y) * p.out_width + x) * OUTPUTS + c, at.z, y, x, c, fixed_at(at.z, c));
    }
  }
}
