// Stochastic gradient descent with momentum for all parameters of a slab at once:
//
//   g = scale gradient + l2 parameter
//   velocity = momentum velocity + g
//   parameter -= decay parameter + rate u                 u = velocity, or g + momentum velocity if NESTEROV
//
// Operands: parameters, velocity and gradients are slabs of one layout, flat vectors of 4; the first two are updated in
// place. The padding between parameters is updated too and means nothing. `hyper` changes every step: [0] rate, [1]
// momentum, [2] l2, [3] decay = rate * (decoupled weight decay). `control` comes from gradient_norm.wgsl: [0] scale,
// [1] not 0 if this step is skipped: then nothing changes.
//
// With EXEMPT, l2 and decay apply to some parameters only, as in adam.wgsl.

fn kernel(group: u32, lane: u32) {
  let i = group * LANES + lane;
  if (i >= p.vectors) {
    return;
  }
  if (control_at(1) != 0.0) {
    return;
  }
  let old = parameters_at(i);
//#if EXEMPT
  let place = p.block + i / 16u;
  let share = f32((decayed_at(place / 32u) >> (place % 32u)) & 1u);
  let l2 = share * hyper_at(2);
  let decay = share * hyper_at(3);
//#else
  let l2 = hyper_at(2);
  let decay = hyper_at(3);
//#end
  let g = control_at(0) * gradients_at(i) + l2 * old;
  let new_velocity = hyper_at(1) * velocity_at(i) + g;
  velocity_put(i, new_velocity);
//#if NESTEROV
  let direction = g + hyper_at(1) * new_velocity;
//#else
  let direction = new_velocity;
//#end
  parameters_put(i, old - (decay * old + hyper_at(0) * direction));
}
