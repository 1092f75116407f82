// Buffers that are read as texels, see runtime/texels.ts; the text before this one declares `texels`.

fn texel(i: u32) -> vec4f {
  return textureLoad(texels, vec2u(i & 1023u, i >> 10u));
}
