// Philox4x32-10: four random words from a 128-bit counter and a 64-bit key, without any state.
//
// J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw: Parallel random numbers: as easy as 1, 2, 3 (SC 2011).

// High words of the products; WGSL has no 64-bit integers, so they are put together from 16-bit halves.
fn philox_high(a: vec2u, b: vec2u) -> vec2u {
  let mask = vec2u(0xffffu);
  let low = (a & mask) * (b & mask);
  let cross = (a & mask) * (b >> vec2u(16u));
  let other = (a >> vec2u(16u)) * (b & mask);
  let high = (a >> vec2u(16u)) * (b >> vec2u(16u));
  let carry = (low >> vec2u(16u)) + (cross & mask) + (other & mask);
  return high + (cross >> vec2u(16u)) + (other >> vec2u(16u)) + (carry >> vec2u(16u));
}

fn philox(start: vec4u, seed: vec2u) -> vec4u {
  let multipliers = vec2u(0xd2511f53u, 0xcd9e8d57u);
  var counter = start;
  var key = seed;
  for (var round = 0u; round < 10u; round++) {
    let high = philox_high(multipliers, counter.xz);
    let low = multipliers * counter.xz;
    counter = vec4u(high.y ^ counter.y ^ key.x, low.y, high.x ^ counter.w ^ key.y, low.x);
    key += vec2u(0x9e3779b9u, 0xbb67ae85u);
  }
  return counter;
}
