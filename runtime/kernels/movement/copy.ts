/**
 * Copies 32-bit words from one place of a buffer to another.
 *
 * @module
 */
import { legacy } from "../legacy.ts";
import code from "../../../shaders/movement/copy.wgsl" with { type: "text" };
import { type Dispatch, gridFor } from "../kernel.ts";

/** A dispatch that copies `count` words from binding 0 to binding 1. */
export function lowerCopy(count: number): Dispatch {
  return legacy({
    kernel: "copy",
    code,
    uniforms: [count],
    bindings: [{ input: 0 }, { output: 0 }],
    grid: gridFor(Math.ceil(count / 64)),
  });
}
