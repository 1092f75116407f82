// The geometry that the convolution kernels share.
//
//   forward:    y[o] takes input o stride - padding + k dilation at kernel tap k
//   transposed: y[o] takes input (o + padding - k dilation) / stride, over the taps for which the division has no
//               remainder. Outputs with equal remainders (a phase) share their taps, so that a phase is by itself a
//               forward convolution of stride 1.

// One spatial axis of a phase: output output_start + i output_step takes, for t = 0..taps-1, kernel tap
// first_tap + t tap_step from input input_start + i input_step + t input_tap_step.
struct Axis {
  size: u32, // values of i
  output_step: u32,
  output_start: u32,
  first_tap: u32,
  taps: u32,
  tap_step: u32,
  input_start: i32,
  input_step: i32,
  input_tap_step: i32,
}

fn forward_axis(size: u32, kernel: u32, stride: u32, padding: u32, dilation: u32) -> Axis {
  return Axis(size, 1u, 0u, 0u, kernel, 1u, -i32(padding), i32(stride), i32(dilation));
}

fn transposed_axis(size: u32, phase: u32, kernel: u32, stride: u32, padding: u32, dilation: u32) -> Axis {
  let reach = phase + padding;
  // The first tap of this phase, among the first `stride`; there may be none.
  var first_tap = kernel;
  var tap_step = stride;
  for (var back = 0u; back < stride; back++) {
    let tap = stride - 1u - back;
    first_tap = select(first_tap, tap, tap < kernel && (i32(reach) - i32(tap * dilation)) % i32(stride) == 0);
    tap_step = select(tap_step, tap + 1u, ((tap + 1u) * dilation) % stride == 0u);
  }
  let taps = (kernel - first_tap + tap_step - 1u) / tap_step;
  let input_start = (i32(reach) - i32(first_tap * dilation)) / i32(stride);
  let input_tap_step = -i32(tap_step * dilation / stride);
  return Axis(
    (size + stride - 1u) / stride, stride, phase, first_tap, taps, tap_step, input_start, 1, input_tap_step);
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
