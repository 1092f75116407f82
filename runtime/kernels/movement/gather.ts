/**
 * Lowerings of rows looked up by number, and of the gradient.
 *
 * @module
 */
import { DEFAULT_LANES } from "../declarations.ts";
import gatherCode from "../../../shaders/movement/gather.wgsl" with { type: "text" };
import gradientCode from "../../../shaders/movement/gather_gradient.wgsl" with { type: "text" };
import chainsCode from "../../../shaders/movement/gather_chains.wgsl" with { type: "text" };
import foldCode from "../../../shaders/movement/gather_fold.wgsl" with { type: "text" };
import zeroCode from "../../../shaders/movement/zero_words.wgsl" with { type: "text" };
import { f32, floats, gridFor, type Lowering, reads, updates, writes } from "../kernel.ts";

/** Blocks that a workgroup chains: few, so that they spread over the adapter's units. */
const CHAIN_LANES = 8;

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

/** How the places of equal indices are found and added up. */
interface GradientPlan {
  /** Neighbouring indices that one invocation chains, and the number of such blocks. */
  readonly block: number;
  readonly blocks: number;
  /** Parts of the list that are summed by different invocations, and the blocks of each. */
  readonly ranges: number;
  readonly blocksPerRange: number;
}

/** Indices of a block: few, because one invocation walks them one after another. */
const LEAST_BLOCK = 256;
/** An invocation may do 65,535 loop iterations in all on lavapipe; see `kernel.ts`. */
const MOST_BLOCK = 32_768;
/** Words of the table of heads, [blocks, rows], that need no larger blocks. */
const HEADS = 2 ** 22;
/** Indices of a range: a frequent one, such as padding, makes a chain of as many. */
const RANGE = 1024;
const MOST_RANGE = 16_384;
/** More ranges than this need memory for no more speed. */
const USUAL_RANGES = 8;

/** Plans the gradient; the order of its sums depends on `count` alone. */
function gradientPlan({ rows, count }: Lookup): GradientPlan {
  const wanted = Math.max(LEAST_BLOCK, Math.ceil(count / 256), Math.ceil(count * rows / HEADS));
  const block = Math.min(MOST_BLOCK, wanted);
  const blocks = Math.ceil(count / block);
  const ranges = Math.max(Math.min(Math.ceil(count / RANGE), USUAL_RANGES), Math.ceil(count / MOST_RANGE));
  const blocksPerRange = Math.ceil(blocks / ranges);
  return { block, blocks, ranges: Math.ceil(blocks / blocksPerRange), blocksPerRange };
}

/**
 * Inputs dy [count, columns] and indices u32 [count]; output [rows, columns]: the sum of the rows of dy with each
 * index. Indices that are not below `rows` add nothing. Deterministic, without atomics: equal indices are chained in
 * blocks of the list and added up in ascending order.
 */
export function lowerGatherGradient(lookup: Lookup): Lowering {
  const { rows, columns, count } = lookup;
  const width = columns % 4 === 0 ? 4 : 1;
  const groups = columns / width;
  const { block, blocks, ranges, blocksPerRange } = gradientPlan(lookup);
  const size = rows * groups;
  const [heads, links, partial] = [{ scratch: 0 }, { scratch: 1 }, { scratch: 2 }];
  return {
    scratch: [blocks * rows, count, ...(ranges > 1 ? [ranges * rows * columns] : [])],
    dispatches: [
      {
        kernel: "gather_heads",
        code: zeroCode,
        uniforms: { count: blocks * rows },
        operands: { words: writes(heads, "u32") },
        grid: gridFor(Math.ceil(blocks * rows / DEFAULT_LANES)),
      },
      {
        kernel: "gather_chains",
        code: chainsCode,
        lanes: CHAIN_LANES,
        uniforms: { rows, count, block, blocks },
        operands: {
          indices: reads({ input: 1 }, "u32"),
          heads: updates(heads, "u32"),
          links: writes(links, "u32"),
        },
        grid: gridFor(Math.ceil(blocks / CHAIN_LANES)),
      },
      {
        kernel: `gather_gradient/x${width}`,
        code: gradientCode,
        values: { Value: floats(width) },
        uniforms: { groups, rows, blocks, ranges, blocks_per_range: blocksPerRange },
        operands: {
          dy: reads({ input: 0 }, floats(width)),
          heads: reads(heads, "u32"),
          links: reads(links, "u32"),
          out: writes(ranges > 1 ? partial : { output: 0 }, floats(width)),
        },
        grid: gridFor(Math.ceil(ranges * size / DEFAULT_LANES)),
        flops: count * columns,
      },
      ...(ranges > 1
        ? [{
          kernel: `gather_fold/x${width}`,
          code: foldCode,
          uniforms: { size, ranges },
          operands: { partial: reads(partial, floats(width)), out: writes({ output: 0 }, floats(width)) },
          grid: gridFor(Math.ceil(size / DEFAULT_LANES)),
          flops: ranges * rows * columns,
        }]
        : []),
    ],
  };
}
