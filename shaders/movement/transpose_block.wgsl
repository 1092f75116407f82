// Copies a box whose fastest axis in the destination (columns) is another one than in the source (rows), by 4 x 4
// blocks in registers: four vector loads, four vector stores, no workgroup memory. For lavapipe.
//
// Operands: source and destination, whose words are copied as bits, whatever they mean. Steps and bases count vectors
// of 4 words. row_blocks counts blocks along the source's fastest axis, and lanes are neighbours along it; column_step
// leads from one column to the next in the source, row_step from one row to the next in the destination. The BATCH
// other axes are numbered from the one that varies fastest: axis a has size_a, source_step_a and destination_step_a.

fn kernel(group: u32, lane: u32) {
  let job = group * LANES + lane;
  if (job >= p.count) {
    return;
  }
  let blocks = job / p.row_blocks;
  let row = job - blocks * p.row_blocks;
  var rest = blocks / p.column_blocks;
  let column = blocks - rest * p.column_blocks;
  var read_at = p.source_base + row + column * 4u * p.column_step;
  var write_at = p.destination_base + column + row * 4u * p.row_step;
//#for A in BATCH
  let next_A = rest / p.size_A;
  let at_A = rest - next_A * p.size_A;
  read_at += at_A * p.source_step_A;
  write_at += at_A * p.destination_step_A;
  rest = next_A;
//#end
  let a = source_at(read_at);
  let b = source_at(read_at + p.column_step);
  let c = source_at(read_at + 2u * p.column_step);
  let d = source_at(read_at + 3u * p.column_step);
  destination_put(write_at, vec4u(a.x, b.x, c.x, d.x));
  destination_put(write_at + p.row_step, vec4u(a.y, b.y, c.y, d.y));
  destination_put(write_at + 2u * p.row_step, vec4u(a.z, b.z, c.z, d.z));
  destination_put(write_at + 3u * p.row_step, vec4u(a.w, b.w, c.w, d.w));
}
