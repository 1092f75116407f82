// What the convolution kernels compute, one element of the output per invocation:
//
//   y[n, oy, ox, co] = bias[co] + sum over kernel taps (ky, kx) and input channels ci of
//                      x[n, iy, ix, ci] w[ky, kx, ci, co]
//
//   forward:    iy = oy stride - padding + ky dilation, where that is inside the image; ix likewise
//   transposed: iy stride = oy + padding - ky dilation, where such an iy exists inside the image; ix likewise
//
// Operands: x [images, height, width, inputs], w [kernel_height, kernel_width, inputs, outputs], bias [outputs], y
// [images, out_height, out_width, outputs], `count` elements. Documentation, and an oracle for tests.

fn kernel(group: u32, lane: u32) {
  let i = group * LANES + lane;
  if (i >= p.count) {
    return;
  }
  let co = i % p.outputs;
  let pixel = i / p.outputs;
  let o = vec2i(vec2u(pixel % p.out_width, pixel / p.out_width % p.out_height));
  let image = pixel / p.out_width / p.out_height;
  let stride = vec2i(vec2u(p.stride_x, p.stride_y));
  let padding = vec2i(vec2u(p.padding_x, p.padding_y));
  let size = vec2i(vec2u(p.width, p.height));
  var sum = bias_at(co);
  for (var tap = 0u; tap < p.kernel_height * p.kernel_width; tap++) {
    let k = vec2i(vec2u(tap % p.kernel_width * p.dilation_x, tap / p.kernel_width * p.dilation_y));
//#if TRANSPOSED
    let reach = o + padding - k;
    let place = reach / stride;
    let exists = all(place * stride == reach);
//#else
    let place = o * stride - padding + k;
    let exists = true;
//#end
    if (exists && all(place >= vec2i(0)) && all(place < size)) {
      let at = ((image * p.height + u32(place.y)) * p.width + u32(place.x)) * p.inputs;
      for (var ci = 0u; ci < p.inputs; ci++) {
        sum += x_at(at + ci) * w_at((tap * p.inputs + ci) * p.outputs + co);
      }
    }
  }
  y_put(i, sum);
}
