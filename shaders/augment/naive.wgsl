// What the augmentation of images computes, one element per invocation: a picture is scaled about its centre by s,
// rotated by the angle a (clockwise on the screen), shifted by t, and its values change by v -> k (v - 1/2) + 1/2 + b,
// clamped to [0, 1]. The element at an offset from the centre comes from the source at R^-1 (offset - t) / s, between
// four pixels, with black around the picture. How s, a, t, k and b are drawn is in augment_draw.wgsl, with flips,
// crops and noise.
//
// Operands: x, y [samples, height, width]; changes [samples, 6]: s, cos a, sin a, t along x and y in pixels, k; b is a
// uniform. Documentation, and an oracle for tests.

fn source_pixel(n: u32, column: f32, row: f32) -> f32 {
  if (column < 0.0 || row < 0.0 || column >= f32(p.width) || row >= f32(p.height)) {
    return 0.0;
  }
  return x_at((n * p.height + u32(row)) * p.width + u32(column));
}

fn kernel(group: u32, lane: u32) {
  let i = group * LANES + lane;
  if (i >= p.samples * p.height * p.width) {
    return;
  }
  let n = i / p.width / p.height;
  let centre_x = 0.5 * (f32(p.width) - 1.0);
  let centre_y = 0.5 * (f32(p.height) - 1.0);
  let x = f32(i % p.width) - centre_x - changes_at(6u * n + 3u);
  let y = f32(i / p.width % p.height) - centre_y - changes_at(6u * n + 4u);
  let cosine = changes_at(6u * n + 1u);
  let sine = changes_at(6u * n + 2u);
  let column = centre_x + (cosine * x + sine * y) / changes_at(6u * n);
  let row = centre_y + (cosine * y - sine * x) / changes_at(6u * n);
  var value = 0.0;
  for (var corner = 0u; corner < 4u; corner++) {
    let at_column = floor(column) + f32(corner % 2u);
    let at_row = floor(row) + f32(corner / 2u);
    value += source_pixel(n, at_column, at_row) * (1.0 - abs(column - at_column)) * (1.0 - abs(row - at_row));
  }
  y_put(i, clamp(changes_at(6u * n + 5u) * (value - 0.5) + 0.5 + p.brightness, 0.0, 1.0));
}
