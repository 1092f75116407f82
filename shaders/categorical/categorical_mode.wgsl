// The most probable token of each position: mode[row] = the first v with the largest logits[row, v], as a float.
//
// A workgroup a row. Operands: logits [rows, words]; mode [rows].

var<workgroup> best: array<f32, LANES>;
var<workgroup> places: array<u32, LANES>;

fn kernel(group: u32, lane: u32) {
  let row = group;
  var place = 0xffffffffu;
  var peak = 0.0;
  if (row < p.rows) {
    for (var v = lane; v < p.words; v += LANES) {
      let x = logits_at(row * p.words + v);
      if (place == 0xffffffffu || x > peak) {
        peak = x;
        place = v;
      }
    }
  }
  best[lane] = peak;
  places[lane] = place;
  workgroupBarrier();
  for (var stride = LANES / 2u; stride > 0u; stride /= 2u) {
    if (lane < stride) {
      let other = places[lane + stride];
      let value = best[lane + stride];
      let is_better = value > best[lane] || (value == best[lane] && other < places[lane]);
      if (other != 0xffffffffu && is_better) {
        best[lane] = value;
        places[lane] = other;
      }
    }
    workgroupBarrier();
  }
  if (lane == 0u && row < p.rows) {
    mode_put(row, f32(places[0]));
  }
}
