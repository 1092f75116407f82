// Batch normalisation, first of two passes: mean and sum of squared deviations of each channel of x, seen as
// [rows, channels], over the rows of one share.
//
// Welford's method by blocks of four rows, which are first summed up among themselves as deviations from the running
// mean: one pass over x, nothing cancels, and one division every four rows.
//
// Rows are cut into chunks; in a chunk, `interleave` shares take turns, so that neighbouring invocations read
// neighbouring memory. `lanes` counts the shares of all groups.
//
// Operands: x [rows, groups] of Value, where a group is 4 neighbouring channels if Value is vec4f, else 1;
// partials [2, shares, groups]: means, then sums of squared deviations.

fn kernel(group: u32, lane: u32) {
  let job = group * LANES + lane;
  if (job >= p.lanes) {
    return;
  }
  let channel = job % p.groups;
  let turn = job / p.groups;
  let chunk = turn / p.interleave;
  let end = min(p.rows, (chunk + 1u) * p.chunk_rows);
  var row = chunk * p.chunk_rows + turn % p.interleave;
  let step = p.interleave * p.groups;
  var at = row * p.groups + channel;

  var mean = Value(0.0);
  var squares = Value(0.0);
  var count = 0.0;
  for (; row + 3u * p.interleave < end; row += 4u * p.interleave) {
    let a = x_at(at) - mean;
    let b = x_at(at + step) - mean;
    let c = x_at(at + 2u * step) - mean;
    let d = x_at(at + 3u * step) - mean;
    at += 4u * step;
    let shift = ((a + b) + (c + d)) * 0.25;
    let weight = 4.0 / (count + 4.0);
    let within = ((a - shift) * (a - shift) + (b - shift) * (b - shift)) +
      ((c - shift) * (c - shift) + (d - shift) * (d - shift));
    mean += shift * weight;
    squares += within + shift * shift * (weight * count);
    count += 4.0;
  }
  for (; row < end; row += p.interleave) {
    let shift = x_at(at) - mean;
    at += step;
    count += 1.0;
    mean += shift / count;
    squares += shift * shift * ((count - 1.0) / count);
  }
  partials_put(job, mean);
  partials_put(p.lanes + job, squares);
}
