// Gradient of max_pool: dx is the sum of dy over the windows whose maximum the pixel is, in their order.
//
// Operands: winners and dy [images, out_height, out_width, groups]; dx [images, height, width, groups].

fn kernel(group: u32, lane: u32) {
  let job = group * LANES + lane;
  let pixel = job / p.groups;
  let image = pixel / p.width / p.height;
  if (image >= p.images) {
    return;
  }
  let channel = job % p.groups;
  let x = pixel % p.width + p.padding_x;
  let y = pixel / p.width % p.height + p.padding_y;
  // Windows begin at o stride and contain the pixel if o stride <= pixel < o stride + kernel.
  let first_x = select(0u, (x - p.kernel_x) / p.stride_x + 1u, x >= p.kernel_x);
  let first_y = select(0u, (y - p.kernel_y) / p.stride_y + 1u, y >= p.kernel_y);
  let end_x = min(x / p.stride_x + 1u, p.out_width);
  let end_y = min(y / p.stride_y + 1u, p.out_height);
  var sum = T(0.0);
  for (var oy = first_y; oy < end_y; oy++) {
    for (var ox = first_x; ox < end_x; ox++) {
      let at = ((image * p.out_height + oy) * p.out_width + ox) * p.groups + channel;
      let place = U((y - oy * p.stride_y) * p.kernel_x + x - ox * p.stride_x);
      sum += select(T(0.0), dy_at(at), winners_at(at) == place);
    }
  }
  dx_put(job, sum);
}
