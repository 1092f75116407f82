// Draws how each image of a batch is augmented, one image per invocation: the map from pixels of the result to points
// of the source, and the change of its values. augment.wgsl applies both.
//
// Sample n of a batch is the study. The batch is part number `part` (of a rank, or a micro-batch) of a larger one, so
// the study's number is first + samples part + n; its words are those of philox.wgsl for the counter
// (block, number, stream, step):
//
//   block 0             scale, flip                                   the same for all views of a study
//   block 3 view + 1    shift along x, shift along y, rotation, crop
//   block 3 view + 2    place of the crop along x, along y, contrast, brightness
//   block 3 view + 3    standard deviation of the noise
//
// In the order in which a picture is changed: flip, scale about the centre, rotate, shift, then enlarge the crop to the
// whole picture. The map goes the other way. With offsets from the centre in pixels and w = width, h = height:
//
//   source = F (R^-1 ((1 - c) offset + o - t)) / s
//
// Operands: state: seed (low word, high word), step, part; table [samples]: rows (xx, xy, x of the centre, standard deviation
// of the noise) and (yx, yy, y of the centre, factor of the contrast), and the term to be added to the values.

// Uniform in [-1, 1).
fn symmetric(words: vec4u) -> vec4f {
  return 2.0 * draw_uniform(words) - 1.0;
}

fn kernel(group: u32, lane: u32) {
  let n = group * LANES + lane;
  if (n >= p.samples) {
    return;
  }
  let key = vec2u(state_at(0), state_at(1));
  let step = state_at(2);
  let own = 3u * p.view;
  let number = p.first + p.samples * state_at(3) + n;
  let study = philox(vec4u(0u, number, p.stream, step), key);
  let geometry = philox(vec4u(own + 1u, number, p.stream, step), key);
  let second = philox(vec4u(own + 2u, number, p.stream, step), key);
  let third = philox(vec4u(own + 3u, number, p.stream, step), key);

  let size = vec2f(f32(p.width), f32(p.height));
  let moved = symmetric(geometry);
  let values = symmetric(second);
  let scale = 1.0 + p.scale * symmetric(study).x;
  let mirror = select(1.0, -1.0, draw_uniform(study).y < p.flip);
  // cos and sin of the angle; a negative one is a turn less.
  let turned = turn(fract(vec2f(p.rotate * moved.z) / 360.0 + 1.0));
  let crop = p.crop * draw_uniform(geometry).w;
  // The centre of the crop is as far from the picture's as the crop's border allows, or less.
  let offset = size * (0.5 * crop * values.xy - p.shift * moved.xy);

  let window = (1.0 - crop) / scale;
  let place = vec2f(turned.x * offset.x + turned.y * offset.y, turned.x * offset.y - turned.y * offset.x) / scale;
  let contrast = 1.0 + p.contrast * values.z;
  // Contrast is about the middle of the range of values.
  let added = p.brightness * values.w + 0.5 - 0.5 * contrast;
  let deviation = p.noise * draw_uniform(third).x;
  table_put(3u * n, vec4f(mirror * turned.x * window, mirror * turned.y * window, mirror * place.x, deviation));
  table_put(3u * n + 1u, vec4f(-turned.y * window, turned.x * window, place.y, contrast));
  table_put(3u * n + 2u, vec4f(added, 0.0, 0.0, 0.0));
}
