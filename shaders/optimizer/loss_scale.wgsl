// The scale of a loss, after a step: halved where the step was left out, because its gradients were not finite, and doubled after `interval`
// steps in a row that were not. It stays a power of two between `least` and `most`.
//
// Bindings: state [2], in place: the scale, and the good steps since it last changed; control [2] of gradient_norm.wgsl, whose second number is
// not 0 if the step is left out.

struct Parameters {
  interval: f32,
  least: f32,
  most: f32,
}

@group(0) @binding(0) var<storage, read_write> state: array<f32>;
@group(0) @binding(1) var<storage, read> control: array<f32>;
@group(0) @binding(2) var<uniform> p: Parameters;

@compute @workgroup_size(1)
fn main() {
  let scale = state[0];
  let good = state[1] + 1.0;
  let is_bad = control[1] != 0.0;
  let is_due = good >= p.interval;
  state[0] = select(select(scale, min(2.0 * scale, p.most), is_due), max(0.5 * scale, p.least), is_bad);
  state[1] = select(good, 0.0, is_bad || is_due);
}
