// Rows of a table by number: out[i] = table[indices[i]]. A number that is no row gives a row of NaN.
//
// Operands: table [rows, groups] of Value, where a group is 4 neighbouring columns if Value is vec4f, else 1;
// indices [count]; out [count, groups]. `nan` is a uniform because WGSL has no literal for it.

fn kernel(group: u32, lane: u32) {
  let job = group * LANES + lane;
  let i = job / p.groups;
  if (i >= p.count) {
    return;
  }
  let row = indices_at(i);
  if (row < p.rows) {
    out_put(job, table_at(row * p.groups + job % p.groups));
  } else {
    out_put(job, Value(p.nan));
  }
}
