// The scale of a loss, after a step: halved if the step was skipped because its gradients were not finite, and doubled
// after `interval` good steps in a row. It stays a power of two between `least` and `most`.
//
// Operands: state [2], in place: the scale, and the good steps since it last changed; control [2] of
// gradient_norm.wgsl, whose second number is not 0 if the step is skipped.

fn kernel(group: u32, lane: u32) {
  let scale = state_at(0);
  let good = state_at(1) + 1.0;
  let is_bad = control_at(1) != 0.0;
  let is_due = good >= p.interval;
  state_put(0, select(select(scale, min(2.0 * scale, p.most), is_due), max(0.5 * scale, p.least), is_bad));
  state_put(1, select(good, 0.0, is_bad || is_due));
}
