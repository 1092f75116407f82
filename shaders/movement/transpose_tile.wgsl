// Copies a box whose fastest axis in the destination (columns) is another one than in the source (rows), by 32 x 32
// tiles in workgroup memory, so that reads and writes are both contiguous. For GPUs.
//
// Bindings (words are copied as bits, whatever they mean):
//   0  source
//   1  destination
//   2  p       see Box
// Template: BATCH, the number of other axes.

struct Axis {
  size: u32,
  sourceStride: u32,
  destinationStride: u32,
  unused: u32,
}

struct Box {
  // Workgroups with work.
  tiles: u32,
  sourceBase: u32,
  destinationBase: u32,
  rows: u32,
  columns: u32,
  // From one column to the next in the source, from one row to the next in the destination.
  columnStride: u32,
  rowStride: u32,
  unused: u32,
{{#if BATCH}}
  axes: array<Axis, {{BATCH}}>,
{{/if}}
}

@group(0) @binding(0) var<storage, read> source: array<u32>;
@group(0) @binding(1) var<storage, read_write> destination: array<u32>;
@group(0) @binding(2) var<uniform> p: Box;

// One word more a line, so that a column of the tile lies in 32 different banks.
var<workgroup> tile: array<array<u32, 33>, 32>;

@compute @workgroup_size(32, 8)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) invocation: vec3u,
) {
  let number = group.x + group.y * groups.x;
  // A tile that does not exist copies the last one once more: the same words to the same places.
  let job = min(number, p.tiles - 1u);
  let rowTiles = (p.rows + 31u) / 32u;
  let columnTiles = (p.columns + 31u) / 32u;
  let tiles = job / rowTiles;
  let firstRow = (job - tiles * rowTiles) * 32u;
  var rest = tiles / columnTiles;
  let firstColumn = (tiles - rest * columnTiles) * 32u;
  var read_at = p.sourceBase;
  var write_at = p.destinationBase;
{{#for A in BATCH}}
  let next{{A}} = rest / p.axes[{{A}}].size;
  let at{{A}} = rest - next{{A}} * p.axes[{{A}}].size;
  read_at += at{{A}} * p.axes[{{A}}].sourceStride;
  write_at += at{{A}} * p.axes[{{A}}].destinationStride;
  rest = next{{A}};
{{/for}}
  for (var line = invocation.y; line < 32u; line += 8u) {
    let row = firstRow + invocation.x;
    let column = firstColumn + line;
    if (row < p.rows && column < p.columns) {
      tile[line][invocation.x] = source[read_at + row + column * p.columnStride];
    }
  }
  workgroupBarrier();
  for (var line = invocation.y; line < 32u; line += 8u) {
    let row = firstRow + line;
    let column = firstColumn + invocation.x;
    if (row < p.rows && column < p.columns) {
      destination[write_at + column + row * p.rowStride] = tile[invocation.x][line];
    }
  }
}
