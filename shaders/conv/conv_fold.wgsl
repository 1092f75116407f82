// The second pass of a convolution whose sums were shared out: y[i] = bias + sum over s of partial[s, i], in order, and
// what follows the convolution.
//
// Operands: partial [shares, images, out_height, out_width, outputs], bias [outputs] (anything if has_bias is 0), and
// what finish() stores to, see runtime/kernels/pointwise/epilogue.ts. Channels come in vectors where their number is a
// multiple of 4. One invocation computes one element, or with SUMS, for norm_tile_sums.wgsl, ROWS vectors of channels, and
// a workgroup TY ROWS pixels of TX vectors.

// The sum over the shares. Several loads at a time, so that their latencies overlap; one past the last is not added.
fn folded(i: u32) -> T {
  var sum = T(0.0);
  for (var s = 0u; s < p.shares; s += 4u) {
//#for I in 4
    let part_I = partial_at(min(s + I, p.shares - 1u) * p.count + i);
//#end
    sum += part_0;
//#for I in 1..4
    sum = select(sum, sum + part_I, s + I < p.shares);
//#end
  }
  return sum;
}

// Element i, of channel c, with what follows the convolution.
fn end(i: u32, pixel: u32, c: u32) -> T {
  let n = pixel / p.out_width / p.out_height;
  let added = select(T(0.0), bias_at(select(0u, c, p.has_bias != 0u)), p.has_bias != 0u);
  let value = folded(i) + added;
  return finish(value, i, n, pixel / p.out_width % p.out_height, pixel % p.out_width, c, fixed_at(n, c));
}

//#if SUMS
const b_line_size = ROWS + 1u;
var<workgroup> a_tile: array<array<vec4f, ROWS>, LANES / ROWS>;
var<workgroup> b_tile: array<array<vec4f, b_line_size>, LANES / ROWS>;

fn kernel(group: u32, lane: u32) {
  let columns = p.outputs / 4u;
  let column_tiles = (columns + TX - 1u) / TX;
  let share = group / column_tiles;
  let first = group % column_tiles * TX;
  let tx = lane % TX;
  let ty = lane / TX;
  let vector = min(first + tx, columns - 1u);
  var column: Column;
  var places: ColumnPlaces;
//#for I in ROWS
  {
    let pixel = (share * ROWS + I) * TY + ty;
    places.live_I = first + tx < columns && pixel < p.pixels;
    places.at_I = select(0u, pixel * columns + vector, places.live_I);
    if (places.live_I) {
      column.r_I = end(places.at_I, pixel, vector);
    }
  }
//#end
  sum_column(column, places, vector, tx * TY + ty, ty);
  workgroupBarrier();
  if (lane < TX && first + lane < columns && share < p.sum_shares) {
    combine_column(first + lane, lane * TY, share);
  }
}
//#else
fn kernel(group: u32, lane: u32) {
  let i = group * LANES + lane;
  if (i < p.count) {
    end(i, i / p.outputs, i % p.outputs);
  }
}
//#end
