/**
 * Lowerings of rows looked up by number, and of the gradient.
 *
 * @module
 */
import { legacy } from "../legacy.ts";
import gatherCode from "../../../shaders/movement/gather.wgsl" with { type: "text" };
import gradientCode from "../../../shaders/movement/gather_gradient.wgsl" with { type: "text" };
import linksCode from "../../../shaders/movement/gather_links.wgsl" with { type: "text" };
import { gridFor, type Lowering } from "../kernel.ts";
import { floatBits } from "../bits.ts";
import { fillTemplate } from "../template.ts";

const WORKGROUP = 64;

/** Sizes of a lookup. */
export interface Lookup {
  /** Rows of the table. */
  readonly rows: number;
  readonly columns: number;
  /** Number of indices. */
  readonly count: number;
}

/** Inputs table [rows, columns] and indices u32 [count]; output [count, columns], NaN where an index is not below `rows`. */
export function lowerGather({ rows, columns, count }: Lookup): Lowering {
  const width = columns % 4 === 0 ? 4 : 1;
  const groups = columns / width;
  return {
    dispatches: [legacy({
      kernel: `gather/x${width}`,
      code: fillTemplate(gatherCode, { VALUE: width === 4 ? "vec4f" : "f32" }),
      uniforms: [rows, groups, count, floatBits(NaN)],
      bindings: [{ input: 0 }, { input: 1 }, { output: 0 }],
      grid: gridFor(Math.ceil(count * groups / WORKGROUP)),
      bytes: 4 * count * (2 * columns + 1),
    })],
  };
}

/**
 * Inputs dy [count, columns] and indices u32 [count]; output [rows, columns]: the sum of the rows of dy with each index. Indices that
 * are not below `rows` add nothing. Deterministic, without atomics; comparing indices takes O(count^2) reads, adding O(count * columns).
 */
export function lowerGatherGradient({ rows, columns, count }: Lookup): Lowering {
  const width = columns % 4 === 0 ? 4 : 1;
  const groups = columns / width;
  const size = rows * columns;
  return {
    scratch: [count],
    dispatches: [
      legacy({
        kernel: "gather_links",
        code: linksCode,
        uniforms: [rows, count, size],
        bindings: [{ input: 1 }, { scratch: 0 }, { output: 0 }],
        grid: gridFor(Math.ceil(Math.max(count, size) / WORKGROUP)),
      }),
      legacy({
        kernel: `gather_gradient/x${width}`,
        code: fillTemplate(gradientCode, { VALUE: width === 4 ? "vec4f" : "f32" }),
        uniforms: [groups, count],
        bindings: [{ input: 0 }, { input: 1 }, { scratch: 0 }, { output: 0 }],
        grid: gridFor(Math.ceil(count * groups / WORKGROUP)),
        flops: count * columns,
      }),
    ],
  };
}
