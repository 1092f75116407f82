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
  let l2 = share * hyper_at(5);
  let decay = share * hyper_at(6);
//#else
  let l2 = hyper_at(5);
  let decay = hyper_at(6);
//#end
  let g = control_at(0) * gradients_at(i) + l2 * old;
  let new_m = m_at(i) + hyper_at(1) * (g - m_at(i));
  let new_v = v_at(i) + hyper_at(2) * (g * g - v_at(i));
  m_put(i, new_m);
  v_put(i, new_v);
  parameters_put(i, old - (decay * old + hyper_at(0) * new_m / (sqrt(new_v) * hyper_at(3) + hyper_at(4))));
}
