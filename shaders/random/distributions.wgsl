// Distributions from the words of philox.wgsl.
//
//   uniform    w / 2^24, from the upper 24 bits w of a word: in [0, 1)
//   normal     Box and Muller's transform of the words in pairs: sqrt(-2 ln u) (cos, sin)(2 pi v), with
//              u = (w + 1) / 2^24 in (0, 1]

fn draw_uniform(words: vec4u) -> vec4f {
  return vec4f(words >> vec4u(8u)) * 5.9604644775390625e-8;
}

// Logarithm, sine and cosine are written out: WGSL promises too little precision for its own (2^-11 for cos), and a
// run should not depend on the driver more than it must.

// Natural logarithm for normal numbers > 0: ln 2^e + 2 artanh s, where s = (m - 1) / (m + 1) and m in [0.7, 1.5).
fn log_normal(x: vec2f) -> vec2f {
  let bits = bitcast<vec2u>(x) - vec2u(0x3f330000u);
  let exponent = bitcast<vec2i>(bits) >> vec2u(23u);
  let m = bitcast<vec2f>((bits & vec2u(0x7fffffu)) + vec2u(0x3f330000u));
  let s = (m - 1.0) / (m + 1.0);
  let z = s * s;
  let tail = z * (0.6666666667 + z * (0.4 + z * (0.2857142857 + z * 0.2222222222)));
  return vec2f(exponent) * 0.69314718056 + s * (2.0 + tail);
}

// cos and sin of 2 pi v for v in [0, 1): Taylor's series on an eighth of the circle, then quarter turns.
fn turn(v: vec2f) -> vec4f {
  let quarter = floor(v * 4.0 + 0.5);
  let a = (v * 4.0 - quarter) * 1.57079632679;
  let z = a * a;
  let s = a * (1.0 + z * (-0.16666666667 + z * (0.0083333333333 + z * (-0.00019841269841 + z * 0.0000027557319224))));
  let c = 1.0 + z * (-0.5 + z * (0.041666666667 + z * (-0.0013888888889 + z * 0.000024801587302)));
  let q = vec2u(quarter);
  let odd = (q & vec2u(1u)) == vec2u(1u);
  let cosine = select(c, s, odd) * select(vec2f(1.0), vec2f(-1.0), ((q + 1u) & vec2u(2u)) == vec2u(2u));
  let sine = select(s, c, odd) * select(vec2f(1.0), vec2f(-1.0), (q & vec2u(2u)) == vec2u(2u));
  return vec4f(cosine.x, sine.x, cosine.y, sine.y);
}

fn draw_normal(words: vec4u) -> vec4f {
  let u = vec2f((words.xz >> vec2u(8u)) + 1u) * 5.9604644775390625e-8;
  let v = vec2f(words.yw >> vec2u(8u)) * 5.9604644775390625e-8;
  let radius = sqrt(-2.0 * log_normal(u));
  return radius.xxyy * turn(v);
}
