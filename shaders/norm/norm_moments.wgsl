// Batch normalisation, first of two passes: mean and sum of squared deviations of each channel of x, seen as [rows,
// channels], over the rows of one lane.
//
// Welford's method by blocks of four rows, which are first summed up among themselves as deviations from the running
// mean: one pass over x, nothing cancels, and one division every four rows.
//
// Bindings:
//   0  x         [rows, groups] of Value; a group is 4 neighbouring channels where Value is vec4f, else 1
//   1  partials  [2, lanes of a group, groups]: means, then sums of squared deviations
//   2  p         see Split
// Template: VALUE, vec4f or f32.

alias Value = {{VALUE}};

// Rows are cut into chunks; in a chunk, `interleave` lanes take turns, so that neighbouring invocations read
// neighbouring memory.
struct Split {
  rows: u32,
  groups: u32,
  chunkRows: u32,
  interleave: u32,
  // Lanes of all groups.
  lanes: u32,
}

@group(0) @binding(0) var<storage, read> x: array<Value>;
@group(0) @binding(1) var<storage, read_write> partials: array<Value>;
@group(0) @binding(2) var<uniform> p: Split;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) invocation: u32,
) {
  let job = (group.x + group.y * groups.x) * 64u + invocation;
  if (job >= p.lanes) {
    return;
  }
  let channel = job % p.groups;
  let lane = job / p.groups;
  let chunk = lane / p.interleave;
  let end = min(p.rows, (chunk + 1u) * p.chunkRows);
  var row = chunk * p.chunkRows + lane % p.interleave;
  let step = p.interleave * p.groups;
  var at = row * p.groups + channel;

  var mean = Value(0.0);
  var squares = Value(0.0);
  var count = 0.0;
  for (; row + 3u * p.interleave < end; row += 4u * p.interleave) {
    let a = x[at] - mean;
    let b = x[at + step] - mean;
    let c = x[at + 2u * step] - mean;
    let d = x[at + 3u * step] - mean;
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
    let shift = x[at] - mean;
    at += step;
    count += 1.0;
    mean += shift / count;
    squares += shift * shift * ((count - 1.0) / count);
  }
  partials[job] = mean;
  partials[p.lanes + job] = squares;
}
