/**
 * Copies 32-bit words from one place of a buffer to another.
 *
 * @module
 */
import code from "../../../shaders/movement/copy.wgsl" with { type: "text" };
import { DEFAULT_LANES } from "../declarations.ts";
import { type Dispatch, gridFor, reads, writes } from "../kernel.ts";

/** A dispatch that copies `count` words from input 0 to output 0. */
export function lowerCopy(count: number): Dispatch {
  return {
    kernel: "copy",
    code,
    uniforms: { count },
    operands: { source: reads({ input: 0 }, "u32"), destination: writes({ output: 0 }, "u32") },
    grid: gridFor(Math.ceil(count / DEFAULT_LANES)),
  };
}
