// Buffers that are read as texels, see runtime/kernels/texels.ts; the text before this one declares `texels`. A kernel reads what belongs to its first
// operand by first_texel() and what belongs to its second by second_texel(), each by the texel's number in the texture: the two may lie in
// textures of different formats (runtime/kernels/half.ts).

fn first_texel(i: u32) -> vec4f {
  return textureLoad(texels, vec2u(i & 1023u, i >> 10u));
}

fn second_texel(i: u32) -> vec4f {
  return textureLoad(texels, vec2u(i & 1023u, i >> 10u));
}
