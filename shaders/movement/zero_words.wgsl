// Zeros: words[i] = 0 for every i below count.

fn kernel(group: u32, lane: u32) {
  let i = group * LANES + lane;
  if (i < p.count) {
    words_put(i, 0u);
  }
}
