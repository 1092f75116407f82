/**
 * The second pass of sums that were shared out: adds up the shares in a fixed order.
 *
 * @module
 */
import { legacy } from "../legacy.ts";
import foldCode from "../../../shaders/matmul/matmul_fold.wgsl" with { type: "text" };
import { type Binding, type Dispatch, gridFor } from "../kernel.ts";
import { widthOf } from "./matmul_tiles.ts";
import { fillTemplate } from "../template.ts";

/** Invocations of a workgroup of the kernels that only move or add. */
export const STREAM_LANES = 64;

/** The dispatch that adds up partial results [shares, elements] in order. */
export function foldShares(options: { shares: number; elements: number; from: Binding; to: Binding }): Dispatch {
  const width = widthOf(options.elements);
  const count = options.elements / width;
  return legacy({
    kernel: `matmul_fold/vec${width}`,
    code: fillTemplate(foldCode, { T: width === 4 ? "vec4f" : "f32", LANES: STREAM_LANES }),
    uniforms: [options.shares, count],
    bindings: [options.from, options.to],
    grid: gridFor(Math.ceil(count / STREAM_LANES)),
    flops: options.shares * options.elements,
  });
}
