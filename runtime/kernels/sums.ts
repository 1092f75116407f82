/**
 * What kernels need for compensated sums (shaders/shared/compensated.wgsl), besides a uniform `zero`.
 *
 * @module
 */

/** The types of a sum of 1 or 4 floats at a time. */
export function sumTypes(width: 1 | 4): { Value: string; Bits: string } {
  return width === 4 ? { Value: "vec4f", Bits: "vec4u" } : { Value: "f32", Bits: "u32" };
}
