// Buffers that are read as texels, see runtime/texels.ts; the text before this one declares `texels`. What belongs to a kernel's second
// operand is read by second_texel(): it may lie in a texture of another format (runtime/half.ts).

fn texel(i: u32) -> vec4f {
  return textureLoad(texels, vec2u(i & 1023u, i >> 10u));
}

fn second_texel(i: u32) -> vec4f {
  return textureLoad(texels, vec2u(i & 1023u, i >> 10u));
}
