// Adam (Kingma and Ba 2015) and AdamW (Loshchilov and Hutter 2019) for all parameters of a slab at once:
//
//   g = scale gradient + l2 parameter
//   m = m + (1 - beta1) (g - m)
//   v = v + (1 - beta2) (g^2 - v)
//   parameter -= decay parameter + step m / (sqrt(v) / sqrt(1 - beta2^t) + eps)
//
// Operands: parameters, m, v and gradients are slabs of one layout, flat vectors of 4; the first three are updated in
// place. The padding between parameters is updated too and means nothing. `hyper` changes every step, and is computed
// in float64 on the host where float32 would lose digits: [0] step = rate / (1 - beta1^t), [1] 1 - beta1, [2] 1 -
// beta2, [3] 1 / sqrt(1 - beta2^t), [4] eps, [5] l2, [6] decay = rate * (decoupled weight decay). `control` comes from
// gradient_norm.wgsl: [0] scale, [1] not 0 if this step is skipped: then nothing changes.
//
// With EXEMPT, l2 and decay apply to some parameters only: bit b of decayed[w] is 1 for those in block 32 w + b of 64
// elements. The slabs here begin at block `block`.

fn kernel(group: u32, lane: u32) {
  // Before any branch: only there does llvmpipe load a value once for all lanes.
  let scale = control_at(0);
  let skipped = control_at(1) != 0.0;
  let rate = hyper_at(0);
  let rest_1 = hyper_at(1);
  let rest_2 = hyper_at(2);
  let correction = hyper_at(3);
  let eps = hyper_at(4);
  let all_l2 = hyper_at(5);
  let all_decay = hyper_at(6);
  let i = group * LANES + lane;
  if (i >= p.vectors || skipped) {
    return;
  }
  let old = parameters_at(i);
//#if EXEMPT
  let place = p.block + i / 16u;
  let share = f32((decayed_at(place / 32u) >> (place % 32u)) & 1u);
  let l2 = share * all_l2;
  let decay = share * all_decay;
//#else
  let l2 = all_l2;
  let decay = all_decay;
//#end
  let g = scale * gradients_at(i) + l2 * old;
  let old_m = m_at(i);
  let old_v = v_at(i);
  let new_m = old_m + rest_1 * (g - old_m);
  let new_v = old_v + rest_2 * (g * g - old_v);
  m_put(i, new_m);
  v_put(i, new_v);
  parameters_put(i, old - (decay * old + rate * new_m / (sqrt(new_v) * correction + eps)));
}
