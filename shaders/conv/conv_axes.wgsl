// The geometry that the convolution kernels share; their texts follow this one.
//
//   forward:    y[o] takes input o stride - padding + k dilation at kernel tap k
//   transposed: y[o] takes input (o + padding - k dilation) / stride, over the taps where the division has no remainder. Outputs with
//               equal remainders (a phase) share their taps, so a phase is a forward convolution of stride 1 by itself.

// One spatial axis of a phase: output o = offset + i spread takes, for t = 0..taps-1, kernel tap first + t hop from input
// origin + i pace + t walk.
struct Axis {
  size: u32, // values of i
  spread: u32,
  offset: u32,
  first: u32,
  taps: u32,
  hop: u32,
  origin: i32,
  pace: i32,
  walk: i32,
}

fn forward_axis(size: u32, kernel: u32, stride: u32, padding: u32, dilation: u32) -> Axis {
  return Axis(size, 1u, 0u, 0u, kernel, 1u, -i32(padding), i32(stride), i32(dilation));
}

fn transposed_axis(size: u32, phase: u32, kernel: u32, stride: u32, padding: u32, dilation: u32) -> Axis {
  let reach = phase + padding;
  // The first tap that meets this phase, among the first `stride`; none may.
  var first = kernel;
  var hop = stride;
  for (var back = 0u; back < stride; back++) {
    let tap = stride - 1u - back;
    first = select(first, tap, tap < kernel && (i32(reach) - i32(tap * dilation)) % i32(stride) == 0);
    hop = select(hop, tap + 1u, ((tap + 1u) * dilation) % stride == 0u);
  }
  let taps = (kernel - first + hop - 1u) / hop;
  let origin = (i32(reach) - i32(first * dilation)) / i32(stride);
  return Axis((size + stride - 1u) / stride, stride, phase, first, taps, hop, origin, 1, -i32(hop * dilation / stride));
}

// The pixel after `at` = (column, row, image).
fn next_pixel(at: vec3u, width: u32, height: u32) -> vec3u {
  let row_ends = at.x + 1u == width;
  let image_ends = row_ends && at.y + 1u == height;
  return vec3u(
    select(at.x + 1u, 0u, row_ends),
    select(at.y + select(0u, 1u, row_ends), 0u, image_ends),
    at.z + select(0u, 1u, image_ends),
  );
}
