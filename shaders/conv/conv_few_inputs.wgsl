// Convolution (see naive.wgsl) with so short a sum for each result on a GPU that fetching tiles of operands would cost
// more than the products.
//
// Operands: x [images, height, width, inputs], w [kernel_height, kernel_width, inputs, outputs] in vectors of 4 output
// channels, or without WEIGHT_VECTORS [.., outputs, inputs]; bias [outputs] (anything if has_bias is 0); and what
// finish() stores to, see runtime/kernels/pointwise/epilogue.ts. With SUMS also those of norm_tile_sums.wgsl.
//
// An invocation computes ROWS pixels of a vector of channels; a workgroup TY ROWS pixels of TX vectors. A pixel's
// neighbours in a subgroup read the same inputs, and store neighbouring vectors.

//#if SUMS
// Room for norm_tile_sums.wgsl.
const b_line_size = ROWS + 1u;
var<workgroup> a_tile: array<array<vec4f, ROWS>, LANES / ROWS>;
var<workgroup> b_tile: array<array<vec4f, b_line_size>, LANES / ROWS>;
//#end

// Weights of a vector of output channels.
fn weights_at(tap: u32, ci: u32, vector: u32) -> vec4f {
//#if WEIGHT_VECTORS
  return w_at((tap * p.inputs + ci) * (p.outputs / 4u) + vector);
//#else
  let begin = (tap * p.outputs + 4u * vector) * p.inputs + ci;
  return vec4f(w_at(begin), w_at(begin + p.inputs), w_at(begin + 2u * p.inputs), w_at(begin + 3u * p.inputs));
//#end
}

fn kernel(group: u32, lane: u32) {
  let columns = p.outputs / 4u;
  let column_tiles = (columns + TX - 1u) / TX;
  let share = group / column_tiles;
  let first = group % column_tiles * TX;
  let tx = lane % TX;
  let ty = lane / TX;
  let vector = min(first + tx, columns - 1u);
  let rows = forward_axis(p.out_height, p.kernel_height, p.stride_y, p.padding_y, p.dilation_y);
  let across = forward_axis(p.out_width, p.kernel_width, p.stride_x, p.padding_x, p.dilation_x);
//#for I in ROWS
  let pixel_I = (share * ROWS + I) * TY + ty;
  let ox_I = pixel_I % p.out_width;
  let oy_I = pixel_I / p.out_width % p.out_height;
  let image_I = pixel_I / p.out_width / p.out_height;
  let live_I = first + tx < columns && image_I < p.images;
  let top_I = i32(oy_I) * rows.input_step + rows.input_start;
  let left_I = i32(ox_I) * across.input_step + across.input_start;
  var s_I = vec4f(0.0);
//#end
  for (var ky = 0u; ky < p.kernel_height; ky++) {
    for (var kx = 0u; kx < p.kernel_width; kx++) {
      let tap = ky * p.kernel_width + kx;
//#for I in ROWS
      let y_I = u32(top_I + i32(ky) * rows.input_tap_step);
      let x_I = u32(left_I + i32(kx) * across.input_tap_step);
      // Not &&, which is a branch.
      let inside_I = (y_I < p.height) & (x_I < p.width);
      let from_I = ((image_I * p.height + y_I) * p.width + x_I) * p.inputs;
//#end
      for (var ci = 0u; ci < p.inputs; ci++) {
        let weights = weights_at(tap, ci, vector);
//#for I in ROWS
        // A place outside of the buffer reads something in bounds, which the mask removes.
        let v_I = x_at(from_I + ci);
//#end
//#for I in ROWS
        s_I += select(0.0, v_I, inside_I) * weights;
//#end
      }
    }
  }
  let bias = select(vec4f(0.0), bias_at(select(0u, vector, p.has_bias != 0u)), p.has_bias != 0u);
  let fixed = fixed_at(0u, vector);
//#if SUMS
  var column: Column;
  var places: ColumnPlaces;
//#end
//#for I in ROWS
  {
    let at = pixel_I * columns + vector;
//#if SUMS
    places.live_I = live_I;
    places.at_I = select(0u, at, live_I);
    if (live_I) {
      column.r_I = finish(s_I + bias, at, image_I, oy_I, ox_I, vector, fixed);
    }
//#else
    if (live_I) {
      finish(s_I + bias, at, image_I, oy_I, ox_I, vector, fixed);
    }
//#end
  }
//#end
//#if SUMS
  sum_column(column, places, vector, tx * TY + ty, ty);
  workgroupBarrier();
  if (lane < TX && first + lane < columns && share < p.sum_shares) {
    combine_column(first + lane, lane * TY, share);
  }
//#end
}
