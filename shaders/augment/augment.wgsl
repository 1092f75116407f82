// Augments images by the table that augment_draw.wgsl has made: bilinear resampling with black around the picture,
// then contrast and brightness, noise, and clamping to [0, 1]. Each invocation does four elements of an image.
//
// The noise of elements 4b .. 4b + 3 of sample n is that of philox.wgsl's words for the counter
// (b, first + samples part + n, noise_stream, step).
//
// Operands: state: seed (low word, high word), step, part; x [samples, height, width, channels]; table; out as x, in vectors
// with VECTOR, if an image has a multiple of four elements.

// A pixel of the image that begins at `base`; 0 outside.
fn pixel(base: u32, channel: u32, place: vec2i) -> f32 {
  let inside = all(place >= vec2i(0)) && place.x < i32(p.width) && place.y < i32(p.height);
  let near = vec2u(clamp(place, vec2i(0), vec2i(i32(p.width), i32(p.height)) - 1));
  return select(0.0, x_at(base + (near.y * p.width + near.x) * p.channels + channel), inside);
}

fn kernel(group: u32, lane: u32) {
  let job = group * LANES + lane;
  let size = p.height * p.width * p.channels;
  let blocks = (size + 3u) / 4u;
  if (job >= p.samples * blocks) {
    return;
  }
  let n = job / blocks;
  let block = job % blocks;
  let base = n * size;
  let row_x = table_at(3u * n);
  let row_y = table_at(3u * n + 1u);
  let added = table_at(3u * n + 2u).x;
  let centre = 0.5 * vec2f(f32(p.width) - 1.0, f32(p.height) - 1.0);
//#if NOISE
  let number = p.first + p.samples * state_at(3) + n;
  let words = philox(vec4u(block, number, p.noise_stream, state_at(2)), vec2u(state_at(0), state_at(1)));
  let noise = row_x.w * draw_normal(words);
//#else
  let noise = vec4f(0.0);
//#end
  var result = vec4f(0.0);
  for (var i = 0u; i < 4u; i++) {
    let element = min(4u * block + i, size - 1u);
    let at = element / p.channels;
    let channel = element % p.channels;
    let offset = vec2f(f32(at % p.width), f32(at / p.width)) - centre;
    let place = centre + vec2f(
      row_x.x * offset.x + row_x.y * offset.y + row_x.z,
      row_y.x * offset.x + row_y.y * offset.y + row_y.z,
    );
    let corner = floor(place);
    let part = place - corner;
    let whole = vec2i(corner);
    let above = mix(
      pixel(base, channel, whole),
      pixel(base, channel, whole + vec2i(1, 0)),
      part.x,
    );
    let below = mix(
      pixel(base, channel, whole + vec2i(0, 1)),
      pixel(base, channel, whole + vec2i(1, 1)),
      part.x,
    );
    result[i] = clamp(row_y.w * mix(above, below, part.y) + added + noise[i], 0.0, 1.0);
  }
//#if VECTOR
  out_put(job, result);
//#else
  for (var i = 0u; i < 4u && 4u * block + i < size; i++) {
    out_put(base + 4u * block + i, result[i]);
  }
//#end
}
