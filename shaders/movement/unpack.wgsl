// Unsigned bytes to floats: out[i] = byte[first + i] / 255.
//
// Operands: words of four bytes, the lowest first; out [count], in vectors with VECTOR, if first and count are
// multiples of 4.

fn kernel(group: u32, lane: u32) {
  let job = group * LANES + lane;
//#if VECTOR
  if (job >= p.count / 4u) {
    return;
  }
  let bytes = vec4u(words_at(p.first / 4u + job)) >> vec4u(0u, 8u, 16u, 24u);
  out_put(job, vec4f(bytes & vec4u(255u)) / 255.0);
//#else
  if (job >= p.count) {
    return;
  }
  let at = p.first + job;
  out_put(job, f32((words_at(at / 4u) >> (at % 4u * 8u)) & 255u) / 255.0);
//#end
}
