// Batched matrix product: y[z] = a[z] b[z], where a is [m, k] (or [k, m] with A_TRANSPOSED) and b is [k, n] (or [n, k]
// with B_TRANSPOSED). A share of k (of shares_k) goes to its own slab of y, to be added up by matmul_fold.wgsl; with
// one share y is the result.
//
// Operands: a, b, y [shares, batches, m, n], with matrices a given distance apart. With VECTORS all are read and
// written as vec4f along their last axes, which must be multiples of 4 (where k is a first axis of both, it may be any
// size); without, as f32 with any strides. Sizes and strides count vectors; a_depth and b_column are strides of
// scalars.
//
// One invocation computes GROUPS x GROUP rows x COLUMNS vectors of columns in registers; a workgroup's lanes form a
// grid of (LANES / lane_columns) x lane_columns. Written for lavapipe, see conv_gather.wgsl. Transposed operands are
// transposed in registers, where that is only a matter of names.

fn kernel(group: u32, lane: u32) {
  let tiles = p.row_tiles * p.column_tiles;
  let slab = group / tiles; // share * batches + batch
  if (slab >= p.batches * p.shares_k) {
    return;
  }
  let batch = slab % p.batches;
  let share = slab / p.batches;
  let lane_rows = LANES / p.lane_columns;
  let column = (((group / p.row_tiles) % p.column_tiles) * p.lane_columns + lane % p.lane_columns) * COLUMNS;
  let row = ((group % p.row_tiles) * lane_rows + lane / p.lane_columns) * ROWS;
  let a_base = batch * p.a_batch;
  let b_base = batch * p.b_batch;
//#for J in COLUMNS
  let c_J = min(column + J, p.n - 1u);
//#end
//#for G in GROUPS
//#if A_TRANSPOSED
  let row_G = a_base + min(row / 4u + G, p.m / 4u - 1u);
//#else
//#for I in GROUP
  let row_G_I = a_base + min(row + G * GROUP + I, p.m - 1u) * p.a_row;
//#end
//#end
//#for I in GROUP
//#for J in COLUMNS
  var s_G_I_J = T(0.0);
//#end
//#end
//#end
  let end = min((share + 1u) * p.k_a_share, p.k);
  for (var k = share * p.k_a_share; k < end; k += DEPTH) {
//#if VECTORS
//#if B_TRANSPOSED
//#for J in COLUMNS
//#for E in 4
    let t_J_E = b_at(b_base + (c_J * 4u + E) * p.b_depth + k / 4u);
//#end
//#for K in 4
    let b_K_J = vec4f(t_J_0[K], t_J_1[K], t_J_2[K], t_J_3[K]);
//#end
//#end
//#else
//#for K in 4
//#if RAGGED
    let live_K = k + K < end;
    let k_K = select(k, k + K, live_K);
//#else
    let k_K = k + K;
//#end
//#for J in COLUMNS
//#if RAGGED
    let b_K_J = select(vec4f(0.0), b_at(b_base + k_K * p.b_depth + c_J), live_K);
//#else
    let b_K_J = b_at(b_base + k_K * p.b_depth + c_J);
//#end
//#end
//#end
//#end
//#else
//#for J in COLUMNS
    let b_0_J = b_at(b_base + k * p.b_depth + c_J * p.b_column);
//#end
//#end
//#for G in GROUPS
//#if A_TRANSPOSED
//#for K in 4
//#if RAGGED
    let u_G_K = select(vec4f(0.0), a_at(row_G + k_K * p.a_row), live_K);
//#else
    let u_G_K = a_at(row_G + (k + K) * p.a_row);
//#end
//#end
//#end
//#for I in GROUP
//#if A_TRANSPOSED
    let a_G_I = vec4f(u_G_0[I], u_G_1[I], u_G_2[I], u_G_3[I]);
//#else
//#if VECTORS
    let a_G_I = a_at(row_G_I + k / 4u);
//#else
    let a_G_I = a_at(row_G_I + k * p.a_depth);
//#end
//#end
//#for J in COLUMNS
//#for K in DEPTH
//#if VECTORS
    s_G_I_J += a_G_I[K] * b_K_J;
//#else
    s_G_I_J += a_G_I * b_K_J;
//#end
//#end
//#end
//#end
//#end
  }
  for (var g = 0u; g < p.groups; g++) {
//#for I in GROUP
    let row_I = row + g * GROUP + I;
    let to_I = slab * p.y_batch + row_I * p.n + column;
//#for J in COLUMNS
    var v_I_J = s_0_I_J;
//#for G in GROUPS
    v_I_J = select(v_I_J, s_G_I_J, g == G);
//#end
    if (row_I < p.m && column + J < p.n) {
      y_put(to_I + J, v_I_J);
    }
//#end
//#end
  }
}
