// Maximum of each window of an image, and which of the window's positions holds it: the first of equal ones, and of
// NaNs the last, as in PyTorch.
//
// Operands: x [images, height, width, groups]; y and winners [images, out_height, out_width, groups], where a group is
// 4 neighbouring channels if T is vec4f, else 1. A window has at least one pixel inside the image.

fn kernel(group: u32, lane: u32) {
  let job = group * LANES + lane;
  let pixel = job / p.groups;
  let image = pixel / p.out_width / p.out_height;
  if (image >= p.images) {
    return;
  }
  let channel = job % p.groups;
  // Of the window's first pixel, plus the padding.
  let left = pixel % p.out_width * p.stride_x;
  let top = pixel / p.out_width % p.out_height * p.stride_y;
  let first = vec2u(max(left, p.padding_x), max(top, p.padding_y));
  let end = vec2u(min(left + p.kernel_x, p.width + p.padding_x), min(top + p.kernel_y, p.height + p.padding_y));
  var best = T(0.0);
  var winner = U(0xffffffffu);
  for (var y = first.y; y < end.y; y++) {
    for (var x = first.x; x < end.x; x++) {
      let at = (image * p.height + y - p.padding_y) * p.width + x - p.padding_x;
      let value = x_at(at * p.groups + channel);
      let wins = (value > best) | is_nan(value) | (winner == U(0xffffffffu));
      best = select(best, value, wins);
      winner = select(winner, U((y - top) * p.kernel_x + x - left), wins);
    }
  }
  y_put(job, best);
  winners_put(job, winner);
}
