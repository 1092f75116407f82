/**
 * The second pass of sums that were shared out: adds up the shares in a fixed order.
 *
 * @module
 */
import { DEFAULT_LANES } from "../declarations.ts";
import foldCode from "../../../shaders/matmul/matmul_fold.wgsl" with { type: "text" };
import groupsCode from "../../../shaders/matmul/matmul_fold_groups.wgsl" with { type: "text" };
import { type Binding, type Dispatch, floats, gridFor, reads, writes } from "../kernel.ts";
import { foldGroups } from "./tile_cover.ts";
import { widthOf } from "./matmul_tiles.ts";

/** The dispatch that adds up partial results [shares, elements] in order. */
export function foldShares(options: { shares: number; elements: number; from: Binding; to: Binding }): Dispatch {
  const width = widthOf(options.elements);
  const count = options.elements / width;
  return {
    kernel: `matmul_fold/vec${width}`,
    code: foldCode,
    uniforms: { splits: options.shares, count },
    operands: { x: reads(options.from, floats(width)), y: writes(options.to, floats(width)) },
    grid: gridFor(Math.ceil(count / DEFAULT_LANES)),
    flops: options.shares * options.elements,
  };
}

/**
 * The same on a GPU, where a chain of loads takes longer than the additions: lanes of a workgroup add up several groups
 * of shares, and then the groups' sums are added in order.
 */
export function foldOnGpu(options: { shares: number; elements: number; from: Binding; to: Binding }): Dispatch {
  const { shares, elements } = options;
  const width = widthOf(elements);
  const count = elements / width;
  const groups = foldGroups(shares);
  return {
    kernel: `matmul_fold/gpu-${groups}-vec${width}`,
    code: groupsCode,
    values: { GROUPS: groups, GROUPED: groups > 1, Value: floats(width) },
    uniforms: { shares, shares_a_group: Math.ceil(shares / groups), count },
    operands: { x: reads(options.from, floats(width)), y: writes(options.to, floats(width)) },
    grid: gridFor(Math.ceil(count / (DEFAULT_LANES / groups))),
    flops: shares * elements,
  };
}
