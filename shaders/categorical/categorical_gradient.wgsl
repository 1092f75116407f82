// Gradient of categorical_nll: dlogits[n, l, v] = g[n, l] (e^(logits[n, l, v] - normalizers[n, l]) - [v = token]) for l
// below lengths[n], zero for the padding.
//
// Operands: logits and gradient [rows, groups] of Value, where a group is 4 neighbouring logits if VECTOR, else 1;
// tokens, normalizers and g [rows]; lengths [samples].

fn kernel(group: u32, lane: u32) {
  let job = group * LANES + lane;
  let row = job / p.groups;
  if (row >= p.rows) {
    return;
  }
  if (row % p.positions >= lengths_at(row / p.positions)) {
    gradient_put(job, Value(0.0));
    return;
  }
  let token = tokens_at(row);
  let probabilities = exp(logits_at(job) - normalizers_at(row));
//#if VECTOR
  let places = (job % p.groups) * 4u + vec4u(0u, 1u, 2u, 3u);
  let hot = select(vec4f(0.0), vec4f(1.0), places == vec4u(token));
//#else
  let hot = select(0.0, 1.0, job % p.groups == token);
//#end
  gradient_put(job, g_at(row) * (probabilities - hot));
}
