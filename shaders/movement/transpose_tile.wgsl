// Copies a box whose fastest axis in the destination (columns) is another one than in the source (rows), by 32 x 32
// tiles in workgroup memory, so that reads and writes are both contiguous. For GPUs.
//
// Operands: source and destination, whose words are copied as bits, whatever they mean. column_step leads from one
// column to the next in the source, row_step from one row to the next in the destination; `tiles` counts the workgroups
// with work. The BATCH other axes are numbered from the one that varies fastest: axis a has size_a, source_step_a and
// destination_step_a.

const SIDE = 32u;

// One word more a line, so that a column of the tile lies in 32 different banks.
var<workgroup> tile: array<array<u32, SIDE + 1u>, SIDE>;

fn kernel(group: u32, lane: u32) {
  // A tile that does not exist copies the last one once more: the same words to the same places.
  let job = min(group, p.tiles - 1u);
  let x = lane % SIDE;
  let y = lane / SIDE;
  let row_tiles = (p.rows + SIDE - 1u) / SIDE;
  let column_tiles = (p.columns + SIDE - 1u) / SIDE;
  let tiles = job / row_tiles;
  let first_row = (job - tiles * row_tiles) * SIDE;
  var rest = tiles / column_tiles;
  let first_column = (tiles - rest * column_tiles) * SIDE;
  var read_at = p.source_base;
  var write_at = p.destination_base;
//#for A in BATCH
  let next_A = rest / p.size_A;
  let at_A = rest - next_A * p.size_A;
  read_at += at_A * p.source_step_A;
  write_at += at_A * p.destination_step_A;
  rest = next_A;
//#end
  for (var line = y; line < SIDE; line += LANES / SIDE) {
    let row = first_row + x;
    let column = first_column + line;
    if (row < p.rows && column < p.columns) {
      tile[line][x] = source_at(read_at + row + column * p.column_step);
    }
  }
  workgroupBarrier();
  for (var line = y; line < SIDE; line += LANES / SIDE) {
    let row = first_row + line;
    let column = first_column + x;
    if (row < p.rows && column < p.columns) {
      destination_put(write_at + column + row * p.row_step, tile[x][line]);
    }
  }
}
