/**
 * Highlighting of WGSL, which highlight.js does not know.
 *
 * @module
 */
import type { HLJSApi, Language } from "highlight.js";

/** A grammar of WGSL for highlight.js: https://www.w3.org/TR/WGSL/. */
export function wgsl(hljs: HLJSApi): Language {
  return {
    name: "WGSL",
    keywords: {
      keyword: "alias break case const continue continuing default diagnostic discard else enable fn for if let loop " +
        "override requires return struct switch var while",
      type: "array atomic bool f16 f32 i32 u32 mat2x2f mat3x3f mat4x4f ptr sampler texture_storage_2d vec2f vec2h " +
        "vec2i vec2u vec3f vec3i vec3u vec4f vec4h vec4i vec4u",
      literal: "true false",
    },
    contains: [
      hljs.C_LINE_COMMENT_MODE,
      hljs.C_BLOCK_COMMENT_MODE,
      { scope: "meta", begin: /@\w+/ },
      { scope: "number", begin: /\b(0x[\da-f]+|\d+\.?\d*(e[+-]?\d+)?)[fhiu]?\b/i },
      { begin: [/\bfn/, /\s+/, /\w+/], beginScope: { 1: "keyword", 3: "title.function" } },
    ],
  };
}
