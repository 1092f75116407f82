// The transforms of Winograd's convolution: out[a, b] = sum over i, j of m[a, i] m[b, j] in[i, j], for every tile, part
// (phase of a strided convolution) and vector of channels.
//
// The input and the output are laid out alike: element (i, j) of part (q, r), tile (t, u) of image n lies at
//   y = t tile_step_y + i step_y + starts_y[q], which must be in [0, height): else an input is 0, an output is dropped;
//   x likewise; and in memory, in vectors of channels, at
//   start + n image + t tile_y + u tile_x + y row + x column + q part_y + r part_x + channel.
// So one kernel cuts images into overlapping patches, lays patches out by transform points for matmul.wgsl, and
// reverses both.
//
// Operands: source, bias [channels] (anything if has_bias is 0), and what finish() stores to, see
// runtime/kernels/pointwise/epilogue.ts. IN and OUT are the matrix's sizes, at most 5; m[a, i] is matrix[5 i + a].x.
// `sizes` is IN and `rounds` OUT as numbers that the compiler does not know, so that it does not unroll the loops.
// One invocation computes OUT x OUT vectors.

fn kernel(group: u32, lane: u32) {
//#for J in IN
//#for S in OUT
  let m_S_J = p.matrix[J * 5 + S].x;
//#end
//#end
  let item = group * LANES + lane;
  let channel = item % p.channels;
  let tile = item / p.channels;
  let tile_x = tile % p.tiles_x;
  let tile_y = (tile / p.tiles_x) % p.tiles_y;
  let place = tile / p.tiles_x / p.tiles_y;
  let image = place % p.images;
  let part = place / p.images;
  let part_x = part % p.parts_x;
  let part_y = part / p.parts_x;
  if (part_y >= p.parts_y) {
    return;
  }
  let in_y = i32(tile_y) * p.input_tile_step_y + p.input_starts_y[part_y];
  let in_x = i32(tile_x) * p.input_tile_step_x + p.input_starts_x[part_x];
  let in_base = p.input_start + image * p.input_image + tile_y * p.input_tile_y + tile_x * p.input_tile_x +
    part_y * p.input_part_y + part_x * p.input_part_x + channel;
//#for J in IN
  let x_J = u32(in_x + J * p.input_step_x);
  let inside_J = x_J < p.input_width;
  let at_J = x_J * p.input_column;
//#end
//#for R in OUT
//#for S in OUT
  var s_R_S = vec4f(0.0);
//#end
//#end
  for (var i = 0u; i < p.sizes; i++) {
    let y = u32(in_y + i32(i) * p.input_step_y);
    let row = in_base + y * p.input_row;
//#for J in IN
    let live_J = inside_J & (y < p.input_height);
    let d_J = select(vec4f(0.0), source_at(select(0u, row + at_J, live_J)), live_J);
//#end
//#for R in OUT
    // Picked from registers: a uniform at an address that is not constant costs as much as a load from storage.
    var k_R = m_R_0;
//#for J in IN
    k_R = select(k_R, m_R_J, i == J);
//#end
//#end
//#for S in OUT
    var t_S = m_S_0 * d_0;
//#for J in 1..IN
    t_S += m_S_J * d_J;
//#end
//#for R in OUT
    s_R_S += k_R * t_S;
//#end
//#end
  }
  let add = select(vec4f(0.0), bias_at(select(0u, channel, p.has_bias != 0u)), p.has_bias != 0u);
  let fixed = fixed_at(p.first_image + image, channel);
  let out_y = i32(tile_y) * p.output_tile_step_y + p.output_starts_y[part_y];
  let out_x = i32(tile_x) * p.output_tile_step_x + p.output_starts_x[part_x];
  let out_base = p.output_start + image * p.output_image + tile_y * p.output_tile_y + tile_x * p.output_tile_x +
    part_y * p.output_part_y + part_x * p.output_part_x + channel;
  for (var a = 0u; a < p.rounds; a++) {
    let y = u32(out_y + i32(a) * p.output_step_y);
    let row = out_base + y * p.output_row;
//#for S in OUT
    var v_S = s_0_S;
//#for R in OUT
    v_S = select(v_S, s_R_S, a == R);
//#end
    let x_S = u32(out_x + S * p.output_step_x);
    if (y < p.output_height && x_S < p.output_width) {
      let to = row + x_S * p.output_column;
//#if ACCUMULATE
      let value = v_S + add + out0_at(to);
//#else
      let value = v_S + add;
//#end
      finish(value, to, p.first_image + image, y, x_S, channel, fixed);
    }
//#end
  }
}
