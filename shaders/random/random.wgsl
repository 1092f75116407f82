// Random numbers keyed by (seed, stream, step, part): element i depends on nothing else, so that any order of dispatch
// gives the same numbers. Parts are those of a batch that is divided, among ranks or into micro-batches; part 0 draws
// what an undivided batch draws.
//
// Elements 4b .. 4b+3 come from the four words of philox(counter = (b, part, stream, step), key = seed), see
// philox.wgsl:
//
//   uniform    in [0, 1), see distributions.wgsl
//   normal     by Box and Muller's transform, see there
//   bernoulli  1 / keep where the uniform number is below keep, else 0
//
// Operands: state: seed (low word, high word), step, part; out [count], in vectors with VECTOR, if count is a
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
  // The last range that begins at this block or before it, by bisection.
  var range = 0u;
  for (var beyond = p.ranges; beyond - range > 1u;) {
    let middle = (range + beyond) / 2u;
    let before = p.table[middle].x <= block;
    range = select(range, middle, before);
    beyond = select(middle, beyond, before);
  }
  let counter = vec4u(block - p.table[range].x, state_at(3), p.table[range].y, state_at(2));
//#else
  let counter = vec4u(block, state_at(3), p.stream, state_at(2));
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
