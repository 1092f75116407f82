/**
 * Lowering of packed bytes to floats.
 *
 * @module
 */
import { DEFAULT_LANES } from "../declarations.ts";
import unpackCode from "../../../shaders/movement/unpack.wgsl" with { type: "text" };
import { floats, gridFor, type Lowering, reads, writes } from "../kernel.ts";

/**
 * y[i] = byte[first + i] / 255: input u32 words of four bytes, the lowest first; output f32 [count].
 *
 * @param options.first First byte; not necessarily the first of a word.
 */
export function lowerUnpack(options: { first: number; count: number }): Lowering {
  const { first, count } = options;
  const vector = first % 4 === 0 && count % 4 === 0;
  return {
    dispatches: [{
      kernel: `unpack/x${vector ? 4 : 1}`,
      code: unpackCode,
      values: { VECTOR: vector },
      uniforms: { first, count },
      operands: { words: reads({ input: 0 }, "u32"), out: writes({ output: 0 }, floats(vector ? 4 : 1)) },
      grid: gridFor(Math.ceil(count / (vector ? 4 : 1) / DEFAULT_LANES)),
      bytes: 5 * count,
    }],
  };
}
