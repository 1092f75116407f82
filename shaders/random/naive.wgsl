// What the kernel of random numbers draws, one element per invocation, here normal numbers: element i comes from the
// words of philox.wgsl for the counter (i / 4, part, stream, step) and the key seed, by Box and Muller's transform.
//
// Operands: state: seed (low word, high word), step, part; out [count]. Documentation, and an oracle for tests.

fn kernel(group: u32, lane: u32) {
  let i = group * LANES + lane;
  if (i >= p.count) {
    return;
  }
  let words = philox(vec4u(i / 4u, state_at(3), p.stream, state_at(2)), vec2u(state_at(0), state_at(1)));
  let pair = i % 4u / 2u;
  let u = f32((words[2u * pair] >> 8u) + 1u) / 16777216.0;
  let angle = 6.283185307 * f32(words[2u * pair + 1u] >> 8u) / 16777216.0;
  out_put(i, sqrt(-2.0 * log(u)) * select(cos(angle), sin(angle), i % 2u == 1u));
}
