/**
 * Convolutions and transposed convolutions in register blocks: for the software profile, and on a GPU where tiles would
 * be mostly empty (conv_narrow.ts).
 *
 * @module
 */
import compensatedCode from "../../../shaders/shared/compensated.wgsl" with { type: "text" };
import axesCode from "../../../shaders/conv/conv_axes.wgsl" with { type: "text" };
import gatherCode from "../../../shaders/conv/conv_gather.wgsl" with { type: "text" };
import { type Dispatch, floats, gridFor, type Lowering, reads, type Target } from "../kernel.ts";
import { sumTypes } from "../sums.ts";
import { fitTexels } from "../texels.ts";
import { biasOf, convFlops, type ConvOptions, convSizes, convUniforms } from "./conv_geometry.ts";
import { type EpilogueParts, epilogueParts } from "../pointwise/epilogue.ts";
import type { Epilogue } from "../pointwise/expression.ts";
import {
  type Block,
  blockName,
  blockOverhead,
  BLOCKS,
  LANES,
  MAX_ITERATIONS,
  planTiles,
  stepCost,
  TEXEL_BLOCKS,
  type Width,
  widthOf,
} from "../matmul/matmul_tiles.ts";

/** Whether a convolution is a transposed one, and the block that an invocation computes. */
export interface GatherChoice {
  readonly transposed: boolean;
  readonly block: Block;
  readonly epilogue?: Epilogue | undefined;
}

/**
 * Multiply-adds up to which sums are compensated, because the dispatch itself costs more. In networks of few filters
 * this keeps gradients that are truly zero (biases in front of a batch norm) near zero: float32's rounding is as large
 * as the tolerance for them.
 */
export const SMALL_WORK = 1 << 18;

/** Operations below which copying the operands to a texture is not worth it. */
const MIN_TEXEL_FLOPS = 2 ** 19;

/** Nanoseconds in which a row of a block finds the pixel of the next tap. */
const TAP_NS = 4;

/** The blocks that are worth trying. */
export function gatherBlocks(options: ConvOptions, how: { transposed: boolean; target: Target }): readonly Block[] {
  if (!texelsFit(options, how)) return BLOCKS;
  return [...BLOCKS, ...(options.cout === 1 ? TEXEL_BLOCKS.filter(({ columns }) => columns === 1) : TEXEL_BLOCKS)];
}

/** True if the operands can be read as texels, and it pays. */
function texelsFit(options: ConvOptions, how: { transposed: boolean; target: Target }): boolean {
  const { kh, kw, cin, cout } = options;
  return cin % 4 === 0 && (cout % 4 === 0 || cout === 1) && convFlops(options, how.transposed) > MIN_TEXEL_FLOPS &&
    kh * kw * cin / 4 <= MAX_ITERATIONS && fitTexels(convSizes(options), how.target.maxTexels);
}

/** Estimated nanoseconds on one core of lavapipe. */
export function gatherCost(options: ConvOptions, choice: GatherChoice): number {
  const { block } = choice;
  // As texels, a single output channel takes the multiplications of one of four, and a load of the weights for four.
  const costed = block.texels && options.cout === 1 ? { ...options, cout: 4 } : options;
  const { depth, width, workgroups } = planGather(costed, choice);
  const [phasesY, phasesX] = choice.transposed ? options.stride : [1, 1];
  const taps = Math.ceil(options.kh / phasesY) * Math.ceil(options.kw / phasesX);
  const tap = (options.cin / depth) * stepCost(block, { depth, width }) + TAP_NS * block.rows;
  // Two cores: a last round with one workgroup takes as long as one with two.
  return Math.ceil(workgroups / 2) * 2 * (taps * tap + blockOverhead(block));
}

/** Forward or transposed convolution; inputs, output and meaning as in `convForward` and `convTransposed`. */
export function gatherConv(options: ConvOptions, choice: GatherChoice): Lowering {
  const { kh, kw, cin, bias = false } = options;
  const { transposed, block, epilogue } = choice;
  const family = transposed ? "conv_transposed" : "conv_forward";
  const { depth, width, outputs, workgroups, tiles } = planGather(options, choice);
  const flops = convFlops(options, transposed);
  if ((kh * kw * cin) / depth > MAX_ITERATIONS) {
    throw new RangeError(
      `${family} cannot sum over ${kh} x ${kw} x ${cin} products: use fewer input channels or a smaller kernel`,
    );
  }
  // With one output channel both layouts are the same: a texel then holds the weights of four input channels.
  const swapped = (options.swapped ?? false) || (block.texels === true && width === 1);
  const parts = epilogueParts(epilogue, { inputs: bias ? 3 : 2, width });
  const group = groupOf(parts);
  const small = flops <= 2 * SMALL_WORK;
  const dispatch: Dispatch = {
    kernel: `${family}/${blockName(block)}${epilogue ? "-fused" : ""}`,
    code: [axesCode, ...(small ? [compensatedCode] : []), gatherCode, parts.code].join("\n"),
    values: {
      ...blockValues(block, { depth, width, group }),
      ...parts.values,
      ...(small ? sumTypes(width) : {}),
      SMALL: small,
      SWAPPED: swapped,
    },
    lanes: block.lanes ?? LANES,
    uniforms: {
      ...convUniforms(options, { inputs: cin / depth, outputs }),
      is_transposed: Number(transposed),
      has_bias: Number(bias),
      lane_columns: tiles.laneColumns,
      row_tiles: tiles.rowTiles,
      column_tiles: tiles.columnTiles,
      groups: block.rows / group,
      ...(small ? { zero: 0 } : {}),
      ...parts.uniforms,
    },
    operands: {
      x: reads({ input: 0 }, floats(depth), block),
      w: reads({ input: 1 }, floats(swapped ? depth : width), block),
      bias: reads(biasOf(options), floats(width)),
      ...parts.operands,
    },
    grid: gridFor(workgroups),
    flops,
  };
  return bias ? { dispatches: [dispatch] } : { scratch: [4], dispatches: [dispatch] };
}

function blockValues(block: Block, { depth, width, group }: { depth: Width; width: Width; group: number }) {
  return {
    X: floats(depth),
    W: floats(width),
    DEEP: depth === 4,
    WIDE: width === 4,
    DEPTH: depth,
    WIDTH: width,
    ROWS: block.rows,
    GROUPS: block.rows / group,
    GROUP: group,
    COLUMNS: block.columns,
  };
}

function planGather(options: ConvOptions, { transposed, block }: GatherChoice) {
  const { n, outH, outW, cin, cout } = options;
  const [phasesY, phasesX] = transposed ? options.stride : [1, 1];
  const depth = widthOf(cin);
  const width = widthOf(cout);
  const outputs = cout / width;
  const rows = n * Math.ceil(outH / phasesY) * Math.ceil(outW / phasesX);
  const tiles = planTiles({ rows, columns: outputs }, block);
  return { depth, width, outputs, tiles, workgroups: tiles.rowTiles * tiles.columnTiles * phasesY * phasesX };
}

/** Rows of a block that are stored in one round: fewer, the more accesses storing takes. */
function groupOf({ accesses }: EpilogueParts): number {
  return accesses > 2 ? 1 : accesses > 1 ? 2 : 4;
}
