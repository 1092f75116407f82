/**
 * Lowering of packed bytes to floats.
 *
 * @module
 */
import { legacy } from "../legacy.ts";
import unpackCode from "../../../shaders/movement/unpack.wgsl" with { type: "text" };
import { gridFor, type Lowering } from "../kernel.ts";
import { fillTemplate } from "../template.ts";

const WORKGROUP = 64;

/**
 * y[i] = byte[first + i] / 255: input u32 words of four bytes, the lowest first; output f32 [count].
 *
 * @param options.first First byte; not necessarily the first of a word.
 */
export function lowerUnpack(options: { first: number; count: number }): Lowering {
  const { first, count } = options;
  const vector = first % 4 === 0 && count % 4 === 0;
  return {
    dispatches: [legacy({
      kernel: `unpack/x${vector ? 4 : 1}`,
      code: fillTemplate(unpackCode, { VECTOR: vector }),
      uniforms: [first, count],
      bindings: [{ input: 0 }, { output: 0 }],
      grid: gridFor(Math.ceil(count / (vector ? 4 : 1) / WORKGROUP)),
      bytes: 5 * count,
    })],
  };
}
