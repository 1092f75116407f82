/**
 * The direct form of convolutions and transposed convolutions, in register blocks.
 *
 * @module
 */
import { legacy } from "../legacy.ts";
import compensatedCode from "../../../shaders/shared/compensated.wgsl" with { type: "text" };
import axesCode from "../../../shaders/conv/conv_axes.wgsl" with { type: "text" };
import gatherCode from "../../../shaders/conv/conv_gather.wgsl" with { type: "text" };
import { type Dispatch, gridFor, type Lowering } from "../kernel.ts";
import { convFlops, type ConvOptions } from "./conv_geometry.ts";
import { type EpilogueParts, epilogueParts } from "../pointwise/epilogue.ts";
import type { Epilogue } from "../pointwise/expression.ts";
import {
  type Block,
  blockName,
  blockOverhead,
  LANES,
  MAX_ITERATIONS,
  planTiles,
  stepCost,
  type Width,
  widthOf,
} from "../matmul/matmul_tiles.ts";
import { fillTemplate } from "../template.ts";

/** Whether a convolution is a transposed one, and the block that an invocation makes. */
export interface GatherChoice {
  readonly transposed: boolean;
  readonly block: Block;
  readonly epilogue?: Epilogue | undefined;
}

/**
 * Multiply-adds up to which sums are compensated: there a dispatch costs more than they do. In networks of a few filters this is what keeps
 * gradients that are truly zero (biases in front of a batch normalisation) near zero; float32's own rounding is as large as their tolerance.
 */
const SMALL_WORK = 1 << 18;

/** Nanoseconds that a row of a block takes to find the pixel of the next tap. */
const TAP_NS = 4;

/** Nanoseconds of a core of lavapipe. */
export function gatherCost(options: ConvOptions, choice: GatherChoice): number {
  const { depth, width, workgroups } = planGather(options, choice);
  const [phasesY, phasesX] = choice.transposed ? options.stride : [1, 1];
  const taps = Math.ceil(options.kh / phasesY) * Math.ceil(options.kw / phasesX);
  const tap = (options.cin / depth) * stepCost(choice.block, { depth, width }) + TAP_NS * choice.block.rows;
  // Two cores: a last round with one workgroup takes as long as one with two.
  return Math.ceil(workgroups / 2) * 2 * (taps * tap + blockOverhead(choice.block));
}

/** Forward or transposed convolution; inputs, output and meaning as in `convForward` and `convTransposed`. */
export function gatherConv(options: ConvOptions, choice: GatherChoice): Lowering {
  const { n, h, w, cin, kh, kw, cout, outH, outW, stride, padding, dilation, bias = false } = options;
  const { transposed, block, epilogue } = choice;
  const family = transposed ? "conv_transposed" : "conv_forward";
  const { depth, width, workgroups, tiles } = planGather(options, choice);
  const flops = convFlops(options, transposed);
  if ((kh * kw * cin) / depth > MAX_ITERATIONS) {
    throw new RangeError(
      `${family} cannot sum over ${kh} x ${kw} x ${cin} products: use fewer input channels or a smaller kernel`,
    );
  }
  const parts = epilogueParts(epilogue, { bound: 3, inputs: bias ? 3 : 2, width });
  const group = groupOf(parts);
  const small = flops <= 2 * SMALL_WORK;
  const dispatch: Dispatch = legacy({
    kernel: `${family}/${blockName(block)}${epilogue ? "-fused" : ""}`,
    code: gatherText(block, { depth, width, small, swapped: options.swapped ?? false, parts }),
    uniforms: parts.uniforms([
      ...[n, h, w, cin / depth, outH, outW, cout / width, kh, kw, ...stride, ...padding, ...dilation],
      ...[Number(transposed), Number(bias), tiles.laneColumns, tiles.rowTiles, tiles.columnTiles],
      ...[block.rows / group, 0],
    ]),
    bindings: [{ input: 0 }, { input: 1 }, bias ? { input: 2 } : { scratch: 0 }, ...parts.bindings],
    grid: gridFor(workgroups),
    flops,
  });
  // Without a bias a scratch buffer stands in for it, so that both cases share a pipeline.
  return bias ? { dispatches: [dispatch] } : { scratch: [4], dispatches: [dispatch] };
}

function planGather(options: ConvOptions, { transposed, block }: GatherChoice) {
  const { n, outH, outW, cin, cout } = options;
  const [phasesY, phasesX] = transposed ? options.stride : [1, 1];
  const depth = widthOf(cin);
  const width = widthOf(cout);
  const rows = n * Math.ceil(outH / phasesY) * Math.ceil(outW / phasesX);
  const tiles = planTiles({ rows, columns: cout / width }, block);
  return { depth, width, tiles, workgroups: tiles.rowTiles * tiles.columnTiles * phasesY * phasesX };
}

/** Rows of a block that are stored in one round: fewer, the more accesses storing takes. */
export function groupOf({ accesses }: EpilogueParts): number {
  return accesses > 2 ? 1 : accesses > 1 ? 2 : 4;
}

/** Sums of the weights' type. */
const COMPENSATED = `alias Value = {{W}};\nalias Bits = {{BITS}};\n${compensatedCode}`;

function gatherText(
  block: Block,
  options: { depth: Width; width: Width; small: boolean; swapped: boolean; parts: EpilogueParts },
): string {
  const { depth, width, small, swapped, parts } = options;
  const group = groupOf(parts);
  return fillTemplate(axesCode + (small ? COMPENSATED : "") + gatherCode, {
    X: depth === 4 ? "vec4f" : "f32",
    W: width === 4 ? "vec4f" : "f32",
    BITS: width === 4 ? "vec4u" : "u32",
    DEEP: depth === 4,
    SMALL: small,
    SWAPPED: swapped,
    WIDTH: width,
    DEPTH: depth,
    LANES,
    ROWS: block.rows,
    GROUPS: block.rows / group,
    GROUP: group,
    ...parts.values,
    COLUMNS: block.columns,
  });
}
