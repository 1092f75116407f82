// Sums over a tile's rows of each of its columns, for batch norm; see runtime/kernels/norm/column_sums.ts. Part of
// matmul_tile.wgsl, whose tiles' workgroup memory is free when the sums begin, and of conv_fold.wgsl.
//
// An invocation sums up its ROWS rows, then one invocation for each vector of columns combines the TY partial results
// in order. Deviations are taken from each invocation's own mean, so that nothing cancels (Chan, Golub and LeVeque).
//
// Operands: sums [3, shares, columns], where a share is a tile of rows. With MOMENTS: means, sums of squared deviations,
// numbers of rows. Else, for results dy: sums of dy, their compensations, sums of dy * (x - mean), with sum_x as large
// as the results and sum_moments [2, columns]; with RELU dy counts only where x * sum_scale + sum_shift > 0.

// What an invocation stored of one vector of columns.
struct Column {
//#for I in ROWS
  r_I: vec4f,
//#end
}

// Where it stored it, in vectors, and which of its rows exist.
struct ColumnPlaces {
//#for I in ROWS
  at_I: u32,
  live_I: bool,
//#end
}

//#if MOMENTS
var<workgroup> sum_counts: array<f32, TY>;

// Leaves an invocation's mean and sum of squared deviations in workgroup memory.
fn sum_column(column: Column, places: ColumnPlaces, vector: u32, slot: u32, ty: u32) {
  var count = 0.0;
  var mean = vec4f(0.0);
//#for I in ROWS
  count += select(0.0, 1.0, places.live_I);
  mean += select(vec4f(0.0), column.r_I, places.live_I);
//#end
  mean /= max(count, 1.0);
  var squares = vec4f(0.0);
//#for I in ROWS
  let d_I = select(vec4f(0.0), column.r_I - mean, places.live_I);
  squares += d_I * d_I;
//#end
  a_slot_put(slot, mean);
  b_slot_put(slot, squares);
  // A tile's first vector of columns always exists.
  if (slot < TY) {
    sum_counts[ty] = count;
  }
}

fn combine_column(vector: u32, slot: u32, share: u32) {
  var count = 0.0;
  var sum = vec4f(0.0);
  for (var i = 0u; i < TY; i++) {
    count += sum_counts[i];
    sum += sum_counts[i] * a_slot_at(slot + i);
  }
  let mean = sum / max(count, 1.0);
  var squares = vec4f(0.0);
  for (var i = 0u; i < TY; i++) {
    let distance = a_slot_at(slot + i) - mean;
    squares += b_slot_at(slot + i) + sum_counts[i] * distance * distance;
  }
  let to = share * (p.outputs / 4u) + vector;
  let plane = p.sum_shares * (p.outputs / 4u);
  sums_put(to, mean);
  sums_put(plane + to, squares);
  sums_put(2u * plane + to, vec4f(count));
}
//#else
// Leaves an invocation's sums of dy and of dy * (x - mean) in workgroup memory.
fn sum_column(column: Column, places: ColumnPlaces, vector: u32, slot: u32, ty: u32) {
  let mean = sum_moments_at(vector);
//#if RELU
  let factor = sum_scale_at(vector);
  let offset = sum_shift_at(vector);
//#end
  var sum = Sum(Value(0.0), Value(0.0));
  var product = vec4f(0.0);
//#for I in ROWS
  let x_I = sum_x_at(places.at_I);
//#if RELU
  let g_I = select(vec4f(0.0), column.r_I, (x_I * factor + offset > vec4f(0.0)) & vec4<bool>(places.live_I));
//#else
  let g_I = select(vec4f(0.0), column.r_I, places.live_I);
//#end
  sum = added(sum, g_I);
  product += g_I * (x_I - mean);
//#end
  a_slot_put(slot, value_of(sum));
  b_slot_put(slot, product);
}

fn combine_column(vector: u32, slot: u32, share: u32) {
  var sum = Sum(Value(0.0), Value(0.0));
  var product = vec4f(0.0);
  for (var i = 0u; i < TY; i++) {
    sum = added(sum, a_slot_at(slot + i));
    product += b_slot_at(slot + i);
  }
  let to = share * (p.outputs / 4u) + vector;
  let plane = p.sum_shares * (p.outputs / 4u);
  sums_put(to, sum.total);
  sums_put(plane + to, sum.rest);
  sums_put(2u * plane + to, product);
}
//#end

//#if HALF_PRODUCTS
// Tiles of float16 have no room for float32: the sums of TX vectors of columns get memory of their own.
var<workgroup> a_slots: array<vec4f, TX * TY>;
var<workgroup> b_slots: array<vec4f, TX * TY>;

fn a_slot_at(slot: u32) -> vec4f {
  return a_slots[slot];
}

fn a_slot_put(slot: u32, value: vec4f) {
  a_slots[slot] = value;
}

fn b_slot_at(slot: u32) -> vec4f {
  return b_slots[slot];
}

fn b_slot_put(slot: u32, value: vec4f) {
  b_slots[slot] = value;
}
//#else
// Workgroup memory as a list of vectors.
fn a_slot_at(slot: u32) -> vec4f {
  return a_tile[slot / ROWS][slot % ROWS];
}

fn a_slot_put(slot: u32, value: vec4f) {
  a_tile[slot / ROWS][slot % ROWS] = value;
}

fn b_slot_at(slot: u32) -> vec4f {
  return b_tile[slot / b_slots][slot % b_slots];
}

fn b_slot_put(slot: u32, value: vec4f) {
  b_tile[slot / b_slots][slot % b_slots] = value;
}

const b_slots = b_line_size - 1u;
//#end
