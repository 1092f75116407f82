// The second pass of a convolution whose sums were shared out: y[i] = bias + sum over s of partial[s, i], in order, and
// what follows the convolution.
//
// Operands: partial [shares, images, out_height, out_width, outputs], bias [outputs] (anything if has_bias is 0), and
// what finish() stores to, see runtime/kernels/pointwise/epilogue.ts. Channels come in vectors where their number is a
// multiple of 4. One invocation computes one element.

fn kernel(group: u32, lane: u32) {
  let i = group * LANES + lane;
  if (i >= p.count) {
    return;
  }
  var sum = T(0.0);
  // Several loads at a time, so that their latencies overlap; a load past the last share is not added.
  for (var s = 0u; s < p.shares; s += 4u) {
//#for I in 4
    let part_I = partial_at(min(s + I, p.shares - 1u) * p.count + i);
//#end
    sum += part_0;
//#for I in 1..4
    sum = select(sum, sum + part_I, s + I < p.shares);
//#end
  }
  let c = i % p.outputs;
  let pixel = i / p.outputs;
  let n = pixel / p.out_width / p.out_height;
  sum += select(T(0.0), bias_at(select(0u, c, p.has_bias != 0u)), p.has_bias != 0u);
  finish(sum, i, n, pixel / p.out_width % p.out_height, pixel % p.out_width, c, fixed_at(n, c));
}
