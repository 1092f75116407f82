/**
 * Floats as kernels' uniforms carry them.
 *
 * @module
 */

/** The bit pattern of a number as float32. */
export function floatBits(value: number): number {
  return new Uint32Array(new Float32Array([value]).buffer)[0] ?? 0;
}
