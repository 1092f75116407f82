/**
 * Lowerings of rows looked up by number, and of the gradient.
 *
 * @module
 */
import { DEFAULT_LANES } from "../declarations.ts";
import gatherCode from "../../../shaders/movement/gather.wgsl" with { type: "text" };
import gradientCode from "../../../shaders/movement/gather_gradient.wgsl" with { type: "text" };
import linksCode from "../../../shaders/movement/gather_links.wgsl" with { type: "text" };
import { f32, floats, gridFor, type Lowering, reads, writes } from "../kernel.ts";

/** Sizes of a lookup. */
export interface Lookup {
  /** Rows of the table. */
  readonly rows: number;
  readonly columns: number;
  /** Number of indices. */
  readonly count: number;
}

/**
 * Inputs table [rows, columns] and indices u32 [count]; output [count, columns], NaN where an index is not below
 * `rows`.
 */
export function lowerGather({ rows, columns, count }: Lookup): Lowering {
  const width = columns % 4 === 0 ? 4 : 1;
  const groups = columns / width;
  return {
    dispatches: [{
      kernel: `gather/x${width}`,
      code: gatherCode,
      values: { Value: floats(width) },
      uniforms: { rows, groups, count, nan: f32(NaN) },
      operands: {
        table: reads({ input: 0 }, floats(width)),
        indices: reads({ input: 1 }, "u32"),
        out: writes({ output: 0 }, floats(width)),
      },
      grid: gridFor(Math.ceil(count * groups / DEFAULT_LANES)),
      bytes: 4 * count * (2 * columns + 1),
    }],
  };
}

/**
 * Inputs dy [count, columns] and indices u32 [count]; output [rows, columns]: the sum of the rows of dy with each
 * index. Indices that are not below `rows` add nothing. Deterministic, without atomics; comparing indices takes
 * O(count^2) reads, adding O(count * columns).
 */
export function lowerGatherGradient({ rows, columns, count }: Lookup): Lowering {
  const width = columns % 4 === 0 ? 4 : 1;
  const groups = columns / width;
  const size = rows * columns;
  return {
    scratch: [count],
    dispatches: [
      {
        kernel: "gather_links",
        code: linksCode,
        uniforms: { rows, count, size },
        operands: {
          indices: reads({ input: 1 }, "u32"),
          links: writes({ scratch: 0 }, "u32"),
          out: writes({ output: 0 }, "f32"),
        },
        grid: gridFor(Math.ceil(Math.max(count, size) / DEFAULT_LANES)),
      },
      {
        kernel: `gather_gradient/x${width}`,
        code: gradientCode,
        uniforms: { groups, count },
        operands: {
          dy: reads({ input: 0 }, floats(width)),
          indices: reads({ input: 1 }, "u32"),
          links: reads({ scratch: 0 }, "u32"),
          out: writes({ output: 0 }, floats(width)),
        },
        grid: gridFor(Math.ceil(count * groups / DEFAULT_LANES)),
        flops: count * columns,
      },
    ],
  };
}
