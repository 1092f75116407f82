// Convolution and transposed convolution (see naive.wgsl) as one gather, without materialised patches and without
// inserted zeros.
//
// Operands: x [images, height, width, inputs]; w [kernel_height, kernel_width, inputs, outputs], or with SWAPPED [..,
// outputs, inputs]; bias [outputs] (anything if has_bias is 0); and what finish() stores to, see
// runtime/kernels/pointwise/epilogue.ts. Channels come in vectors: X of DEPTH input channels, W of WIDTH output
// channels. With SWAPPED a vector of input channels is loaded for each output channel, and the same products are added
// in the same order.
//
// One invocation computes GROUPS x GROUP pixels x COLUMNS vectors of output channels in registers. A workgroup's lanes
// form a grid of (LANES / lane_columns) x lane_columns. Written for lavapipe: there a load costs as much as 60
// multiply-adds, so blocks are as large as compile time allows, nothing goes through workgroup memory, and each sum
// takes all taps of a vector of input channels before the next, which keeps reloads of spilled registers few. Four
// products are added in pairs, which is free and rounds less. SMALL sums are compensated: they are so short that this
// is free too. Stores sit in a loop of `groups` (= GROUPS) rounds because each load or store in the text costs 6 to 11
// ms of compilation.

fn kernel(group: u32, lane: u32) {
  let phases = select(vec2u(1u), vec2u(p.stride_x, p.stride_y), p.is_transposed != 0u);
  let phase = (group / p.row_tiles) % (phases.x * phases.y);
  let column_tile = group / p.row_tiles / (phases.x * phases.y);
  if (column_tile >= p.column_tiles) {
    return;
  }
  var rows: Axis;
  var columns: Axis;
  if (p.is_transposed != 0u) {
    rows = transposed_axis(p.out_height, phase / phases.x, p.kernel_height, p.stride_y, p.padding_y, p.dilation_y);
    columns = transposed_axis(p.out_width, phase % phases.x, p.kernel_width, p.stride_x, p.padding_x, p.dilation_x);
  } else {
    rows = forward_axis(p.out_height, p.kernel_height, p.stride_y, p.padding_y, p.dilation_y);
    columns = forward_axis(p.out_width, p.kernel_width, p.stride_x, p.padding_x, p.dilation_x);
  }
  let lane_rows = LANES / p.lane_columns;
  let channel = (column_tile * p.lane_columns + lane % p.lane_columns) * COLUMNS;
  let row = ((group % p.row_tiles) * lane_rows + lane / p.lane_columns) * ROWS;
  let first_pixel = vec3u(row % columns.size, (row / columns.size) % rows.size, row / columns.size / rows.size);
//#for J in COLUMNS
  let c_J = min(channel + J, p.outputs - 1u);
  let bias_J = select(W(0.0), bias_at(select(0u, c_J, p.has_bias != 0u)), p.has_bias != 0u);
//#end
  var pixel = first_pixel;
//#for G in GROUPS
//#for I in GROUP
  // Pixels past the last image get a row that no tap reaches.
  let iy_G_I = select(-0x40000000, i32(pixel.y) * rows.input_step + rows.input_start, pixel.z < p.images);
  let ix_G_I = i32(pixel.x) * columns.input_step + columns.input_start;
  let image_G_I = pixel.z * p.height;
  pixel = next_pixel(pixel, columns.size, rows.size);
//#for J in COLUMNS
//#if SMALL
  var s_G_I_J = Sum(bias_J, W(0.0));
//#else
  var s_G_I_J = bias_J;
//#end
//#end
//#end
//#end
  for (var ty = 0u; ty < rows.taps; ty++) {
    for (var tx = 0u; tx < columns.taps; tx++) {
      let dy = i32(ty) * rows.input_tap_step;
      let dx = i32(tx) * columns.input_tap_step;
//#for G in GROUPS
//#for I in GROUP
      let y_G_I = u32(iy_G_I + dy);
      let x_G_I = u32(ix_G_I + dx);
      // Not &&, which is a branch.
      let inside_G_I = (y_G_I < p.height) & (x_G_I < p.width);
      let from_G_I = select(0u, ((image_G_I + y_G_I) * p.width + x_G_I) * p.inputs, inside_G_I);
//#end
//#end
      let tap = (rows.first_tap + ty * rows.tap_step) * p.kernel_width + columns.first_tap + tx * columns.tap_step;
//#if SWAPPED
      var weight = tap * p.inputs * WIDTH * p.outputs;
//#else
      var weight = tap * p.inputs * DEPTH * p.outputs;
//#end
      for (var ci = 0u; ci < p.inputs; ci++) {
//#if SWAPPED
//#for J in COLUMNS
//#for C in WIDTH
        let m_J_C = w_at(weight + (c_J * WIDTH + C) * p.inputs);
//#end
//#for K in DEPTH
//#if WIDE
//#if DEEP
        let w_K_J = vec4f(m_J_0[K], m_J_1[K], m_J_2[K], m_J_3[K]);
//#else
        let w_K_J = vec4f(m_J_0, m_J_1, m_J_2, m_J_3);
//#end
//#else
//#if DEEP
        let w_K_J = m_J_0[K];
//#else
        let w_K_J = m_J_0;
//#end
//#end
//#end
//#end
        weight += 1u;
//#else
//#for K in DEPTH
//#for J in COLUMNS
        let w_K_J = w_at(weight + K * p.outputs + c_J);
//#end
//#end
        weight += DEPTH * p.outputs;
//#end
//#for G in GROUPS
//#for I in GROUP
        let a_G_I = select(X(0.0), x_at(from_G_I + ci), inside_G_I);
//#for J in COLUMNS
//#if DEEP
        let t_G_I_J = (a_G_I.x * w_0_J + a_G_I.y * w_1_J) + (a_G_I.z * w_2_J + a_G_I.w * w_3_J);
//#else
        let t_G_I_J = a_G_I * w_0_J;
//#end
//#if SMALL
        s_G_I_J = added(s_G_I_J, t_G_I_J);
//#else
        s_G_I_J += t_G_I_J;
//#end
//#end
//#end
//#end
      }
    }
  }
//#for J in COLUMNS
  let fixed_J = fixed_at(0u, c_J);
//#end
  pixel = first_pixel;
  for (var g = 0u; g < p.groups; g++) {
//#for I in GROUP
    let pixel_I = pixel;
    let oy_I = pixel.y * rows.output_step + rows.output_start;
    let ox_I = pixel.x * columns.output_step + columns.output_start;
    let exists_I = pixel.z < p.images && oy_I < p.out_height && ox_I < p.out_width;
    let to_I = ((pixel.z * p.out_height + oy_I) * p.out_width + ox_I) * p.outputs + channel;
    pixel = next_pixel(pixel, columns.size, rows.size);
//#for J in COLUMNS
    var v_I_J = W(0.0);
//#for G in GROUPS
//#if SMALL
    v_I_J = select(v_I_J, value_of(s_G_I_J), g == G);
//#else
    v_I_J = select(v_I_J, s_G_I_J, g == G);
//#end
//#end
    if (exists_I && channel + J < p.outputs) {
      finish(v_I_J, to_I + J, pixel_I.z, oy_I, ox_I, channel + J, fixed_J);
    }
//#end
//#end
  }
}
