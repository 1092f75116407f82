// Random numbers keyed by (seed, stream, step): element i depends on nothing else, so that any order of dispatch gives
// the same numbers.
//
// Elements 4b .. 4b+3 come from the four words of philox(counter = (b, 0, stream, step), key = seed), see philox.wgsl:
//
//   uniform    in [0, 1), see distributions.wgsl
//   normal     by Box and Muller's transform, see there
//   bernoulli  1 / keep where the uniform number is below keep, else 0
//
// Operands: state: seed (low word, high word), step, unused; out [count], in vectors with VECTOR, if count is a
// multiple of 4. With BATCH the blocks from table[i].x on, up to table[i + 1].x, are those of stream table[i].y.

fn draw_bernoulli(words: vec4u) -> vec4f {
  return select(vec4f(0.0), vec4f(1.0 / p.keep), draw_uniform(words) < vec4f(p.keep));
}

fn kernel(group: u32, lane: u32) {
  let block = group * LANES + lane;
  if (block >= (p.count + 3u) / 4u) {
    return;
  }
//#if BATCH
  // The last part that begins at this block or before it, by bisection.
  var part = 0u;
  for (var beyond = p.parts; beyond - part > 1u;) {
    let middle = (part + beyond) / 2u;
    let before = p.table[middle].x <= block;
    part = select(part, middle, before);
    beyond = select(middle, beyond, before);
  }
  let counter = vec4u(block - p.table[part].x, 0u, p.table[part].y, state_at(2));
//#else
  let counter = vec4u(block, 0u, p.stream, state_at(2));
//#end
  let words = philox(counter, vec2u(state_at(0), state_at(1)));
//#if NORMAL
  let values = draw_normal(words);
//#else
//#if BERNOULLI
  let values = draw_bernoulli(words);
//#else
  let values = draw_uniform(words);
//#end
//#end
//#if VECTOR
  out_put(block, values);
//#else
  for (var i = 0u; i < 4u && block * 4u + i < p.count; i++) {
    out_put(block * 4u + i, values[i]);
  }
//#end
}
