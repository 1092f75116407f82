// What the pooling kernels compute, one element of the output per invocation:
//
//   y[n, oy, ox, c] = maximum or mean over (ky, kx) of x[n, oy stride - padding + ky, ox stride - padding + kx, c]
//
// Positions outside the image are left out of the maximum and count as zeros in the mean.
//
// Operands: x [images, height, width, channels], y [images, out_height, out_width, channels], `count` elements.
// Documentation, and an oracle for tests.

fn kernel(group: u32, lane: u32) {
  let i = group * LANES + lane;
  if (i >= p.count) {
    return;
  }
  let channel = i % p.channels;
  let pixel = i / p.channels;
  let corner = vec2i(vec2u(pixel % p.out_width, pixel / p.out_width % p.out_height)) * i32(p.stride) - i32(p.padding);
  let image = pixel / p.out_width / p.out_height;
  var peak = -3.4028234e38;
  var sum = 0.0;
  for (var tap = 0u; tap < p.kernel * p.kernel; tap++) {
    let place = corner + vec2i(vec2u(tap % p.kernel, tap / p.kernel));
    if (all(place >= vec2i(0)) && all(place < vec2i(vec2u(p.width, p.height)))) {
      let value = x_at(((image * p.height + u32(place.y)) * p.width + u32(place.x)) * p.channels + channel);
      peak = max(peak, value);
      sum += value;
    }
  }
//#if MAXIMUM
  y_put(i, peak);
//#else
  y_put(i, sum / f32(p.kernel * p.kernel));
//#end
}
