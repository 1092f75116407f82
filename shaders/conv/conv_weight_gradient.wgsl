// Gradient of a convolution for its weights, the first of two passes:
//
//   partial[s, ky, kx, ci, co] = sum over the s-th share of the pixels (n, oy, ox) of
//     x[n, oy stride - padding + ky dilation, ox stride - padding + kx dilation, ci] gy[n, oy, ox, co]
//
// A second pass (matmul_fold.wgsl) adds up the shares in a fixed order, so that equal inputs give bit-equal results.
//
// Operands: x [images, height, width, inputs], gy [images, out_height, out_width, outputs], partial [shares,
// kernel_height, kernel_width, inputs, outputs], or with SWAPPED [.., outputs, inputs], as the weights of a transposed
// convolution lie. Channels come in vectors: X of DEPTH input channels, W of WIDTH output channels.
//
// One invocation computes GROUPS vectors of input channels (each of one tap) x COLUMNS vectors of output channels in
// registers, and takes UNROLL pixels a round. A workgroup's lanes form a grid of shares x lane_rows x lane_columns.
// Written for lavapipe, see conv_gather.wgsl.

fn kernel(group: u32, lane: u32) {
  let tiles = p.row_tiles * p.column_tiles;
  let lane_tiles = p.lane_rows * p.lane_columns;
  let share = (group / tiles) * (LANES / lane_tiles) + lane / lane_tiles;
  let column = (((group / p.row_tiles) % p.column_tiles) * p.lane_columns + lane % p.lane_columns) * COLUMNS;
  let row = ((group % p.row_tiles) * p.lane_rows + (lane / p.lane_columns) % p.lane_rows) * GROUPS;
//#for J in COLUMNS
  let c_J = min(column + J, p.outputs - 1u);
//#end
//#for G in GROUPS
  let row_G = min(row + G, p.rows - 1u);
  let tap_G = row_G / p.inputs;
  let ci_G = row_G % p.inputs;
  let dy_G = i32((tap_G / p.kernel_width) * p.dilation_y) - i32(p.padding_y);
  let dx_G = i32((tap_G % p.kernel_width) * p.dilation_x) - i32(p.padding_x);
//#for E in DEPTH
//#for J in COLUMNS
  var s_G_E_J = W(0.0);
//#end
//#end
//#end
  let begin = min(share * p.pixels_a_share, p.pixels);
  let end = min(begin + p.pixels_a_share, p.pixels);
  var ox = begin % p.out_width;
  var oy = (begin / p.out_width) % p.out_height;
  var image = begin / p.out_width / p.out_height;
  for (var pixel = begin; pixel < end; pixel += UNROLL) {
//#for U in UNROLL
    let live_U = pixel + U < end;
    let at_U = select(0u, (pixel + U) * p.outputs, live_U);
    let y_U = i32(oy * p.stride_y);
    let x_U = i32(ox * p.stride_x);
//#for J in COLUMNS
    let g_U_J = select(W(0.0), gy_at(at_U + c_J), live_U);
//#end
//#for G in GROUPS
    let iy_U_G = u32(y_U + dy_G);
    let ix_U_G = u32(x_U + dx_G);
    // Not &&, which is a branch: SwiftShader takes minutes to compile two dozen of them in a loop.
    let inside_U_G = live_U & (iy_U_G < p.height) & (ix_U_G < p.width);
    let from_U_G = ((image * p.height + iy_U_G) * p.width + ix_U_G) * p.inputs + ci_G;
    let a_U_G = select(X(0.0), x_at(select(0u, from_U_G, inside_U_G)), inside_U_G);
//#end
    {
      let row_ends = ox + 1u == p.out_width;
      let image_ends = row_ends && oy + 1u == p.out_height;
      ox = select(ox + 1u, 0u, row_ends);
      oy = select(oy + select(0u, 1u, row_ends), 0u, image_ends);
      image += select(0u, 1u, image_ends);
    }
//#end
//#for G in GROUPS
//#for E in DEPTH
//#for J in COLUMNS
//#for U in UNROLL
//#if DEEP
    s_G_E_J += a_U_G[E] * g_U_J;
//#else
    s_G_E_J += a_U_G * g_U_J;
//#end
//#end
//#end
//#end
//#end
  }
  for (var g = 0u; g < p.groups; g++) {
//#if SWAPPED
    let ci = (row + g) % p.inputs;
    let to = (share * p.rows + row + g - ci) * WIDTH * p.outputs + column * WIDTH * p.inputs + ci;
//#else
    let to = (share * p.rows + row + g) * DEPTH * p.outputs + column;
//#end
    let exists = share < p.shares && row + g < p.rows;
//#for E in DEPTH
//#for J in COLUMNS
    var v_E_J = s_0_E_J;
//#for G in GROUPS
    v_E_J = select(v_E_J, s_G_E_J, g == G);
//#end
//#if !SWAPPED
    if (exists && column + J < p.outputs) {
      partial_put(to + E * p.outputs + J, v_E_J);
    }
//#end
//#end
//#end
//#if SWAPPED
//#for J in COLUMNS
//#for C in WIDTH
    if (exists && column + J < p.outputs) {
//#if DEEP
//#if WIDE
      let turned = vec4f(v_0_J[C], v_1_J[C], v_2_J[C], v_3_J[C]);
//#else
      let turned = vec4f(v_0_J, v_1_J, v_2_J, v_3_J);
//#end
//#else
//#if WIDE
      let turned = v_0_J[C];
//#else
      let turned = v_0_J;
//#end
//#end
      partial_put(to + (J * WIDTH + C) * p.inputs, turned);
    }
//#end
//#end
//#end
  }
}
