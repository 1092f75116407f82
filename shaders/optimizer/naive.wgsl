// What the optimizers' kernels compute, one parameter per invocation, here for Adam (Kingma and Ba 2015) at step t:
//
//   m = beta1 m + (1 - beta1) g        v = beta2 v + (1 - beta2) g^2
//   parameter -= rate (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)
//
// Operands: parameters, m, v, in place, and gradients [count]. Documentation, and an oracle for tests.

fn kernel(group: u32, lane: u32) {
  let i = group * LANES + lane;
  if (i >= p.count) {
    return;
  }
  let g = gradients_at(i);
  let m = p.beta1 * m_at(i) + (1.0 - p.beta1) * g;
  let v = p.beta2 * v_at(i) + (1.0 - p.beta2) * g * g;
  m_put(i, m);
  v_put(i, v);
  let mean = m / (1.0 - pow(p.beta1, p.t));
  let deviation = sqrt(v / (1.0 - pow(p.beta2, p.t)));
  parameters_put(i, parameters_at(i) - p.rate * mean / (deviation + p.eps));
}
