// Gradient of batch normalisation, first of two passes: for each channel of dy and x, seen as [rows, channels], the
// sums over the rows of one lane of dy and of dy * (x - mean). With RELU, y was max(x * scale + shift, 0), and dy
// counts only where that is positive.
//
// The sum of dy is compensated (compensated.wgsl): before another batch norm the gradient of beta is zero, and what rounding
// leaves of it would be noise that grows with the number of rows.
//
// Bindings:
//   0  dy  1 x          [rows, groups] of Value; a group is 4 neighbouring channels where Value is vec4f, else 1
//   2  moments          [2, groups]: mean, then 1 / sqrt(variance + epsilon)
//   3  scale  4 shift   [groups], only with RELU
//   then partials       [3, lanes of a group, groups]: sums of dy, their rests, sums of dy * (x - mean)
//   last p              see Split in norm_moments.wgsl
// Template: VALUE and BITS, vec4f and vec4u or f32 and u32; RELU.

alias Value = {{VALUE}};
alias Bits = {{BITS}};

struct Split {
  rows: u32,
  groups: u32,
  chunkRows: u32,
  interleave: u32,
  lanes: u32,
  // See compensated.wgsl.
  zero: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<Value>;
@group(0) @binding(1) var<storage, read> x: array<Value>;
@group(0) @binding(2) var<storage, read> moments: array<Value>;
{{#if RELU}}
@group(0) @binding(3) var<storage, read> scale: array<Value>;
@group(0) @binding(4) var<storage, read> shift: array<Value>;
@group(0) @binding(5) var<storage, read_write> partials: array<Value>;
@group(0) @binding(6) var<uniform> p: Split;
{{else}}
@group(0) @binding(3) var<storage, read_write> partials: array<Value>;
@group(0) @binding(4) var<uniform> p: Split;
{{/if}}

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
  let mean = moments[channel];
{{#if RELU}}
  let factor = scale[channel];
  let offset = shift[channel];
{{/if}}

  var sum = Sum(Value(0.0), Value(0.0));
  var product = Value(0.0);
  for (; row + 3u * p.interleave < end; row += 4u * p.interleave) {
{{#for I in 4}}
    let x{{I}} = x[at + {{I}}u * step];
{{#if RELU}}
    let g{{I}} = select(Value(0.0), dy[at + {{I}}u * step], x{{I}} * factor + offset > Value(0.0));
{{else}}
    let g{{I}} = dy[at + {{I}}u * step];
{{/if}}
{{/for}}
    at += 4u * step;
{{#for I in 4}}
    sum = added(sum, g{{I}});
{{/for}}
    product += (g0 * (x0 - mean) + g1 * (x1 - mean)) + (g2 * (x2 - mean) + g3 * (x3 - mean));
  }
  for (; row < end; row += p.interleave) {
    let x0 = x[at];
{{#if RELU}}
    let g0 = select(Value(0.0), dy[at], x0 * factor + offset > Value(0.0));
{{else}}
    let g0 = dy[at];
{{/if}}
    at += step;
    sum = added(sum, g0);
    product += g0 * (x0 - mean);
  }
  partials[job] = sum.total;
  partials[p.lanes + job] = sum.rest;
  partials[2u * p.lanes + job] = product;
}
