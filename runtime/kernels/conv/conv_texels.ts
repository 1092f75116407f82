/**
 * The direct form of convolutions and transposed convolutions in register blocks, with the operands read as texels.
 *
 * @module
 */
import { legacy } from "../legacy.ts";
import axesCode from "../../../shaders/conv/conv_axes.wgsl" with { type: "text" };
import convCode from "../../../shaders/conv/conv_texels.wgsl" with { type: "text" };
import texelsCode from "../../../shaders/shared/texels.wgsl" with { type: "text" };
import { type Dispatch, gridFor, type Lowering, type Target } from "../kernel.ts";
import { fitTexels, texelPlaces } from "../texels.ts";
import { convFlops, type ConvOptions } from "./conv_geometry.ts";
import { gatherCost, groupOf } from "./conv_gather.ts";
import { epilogueParts } from "../pointwise/epilogue.ts";
import type { Epilogue } from "../pointwise/expression.ts";
import { type Block, blockName, LANES, MAX_ITERATIONS, planTiles, TEXEL_BLOCKS } from "../matmul/matmul_tiles.ts";
import { fillTemplate } from "../template.ts";

/** Place of x_first among the uniforms. */
const X_FIRST = 21;

/** Operations below which copying the operands is not worth it. */
const MIN_FLOPS = 2 ** 19;

/** True where the operands can be read as texels, and it pays. */
export function texelConvFits(options: ConvOptions, how: { transposed: boolean; target: Target }): boolean {
  const { kh, kw, cin, cout } = options;
  return cin % 4 === 0 && (cout % 4 === 0 || cout === 1) && convFlops(options, how.transposed) > MIN_FLOPS &&
    kh * kw * cin / 4 <= MAX_ITERATIONS && fitTexels(operandSizes(options), how.target.maxTexels);
}

/** The blocks that are worth trying. */
export function texelConvBlocks({ cout }: ConvOptions): readonly Block[] {
  return cout === 1 ? TEXEL_BLOCKS.filter(({ columns }) => columns === 1) : TEXEL_BLOCKS;
}

/** Nanoseconds of a core of lavapipe. */
export function texelConvCost(options: ConvOptions, choice: { transposed: boolean; block: Block }): number {
  // A single output channel takes the multiplications of one of four, and a load of the weights for four.
  return gatherCost(options.cout === 1 ? { ...options, cout: 4 } : options, choice);
}

/** Forward or transposed convolution; inputs, output and meaning as in `convForward` and `convTransposed`. */
export function texelConv(
  options: ConvOptions,
  choice: { transposed: boolean; block: Block; epilogue?: Epilogue | undefined },
): Lowering {
  const { n, h, w, cin, kh, kw, cout, outH, outW, stride, padding, dilation, bias = false } = options;
  const { transposed, block, epilogue } = choice;
  const [phasesY, phasesX] = transposed ? stride : [1, 1];
  const rows = n * Math.ceil(outH / phasesY) * Math.ceil(outW / phasesX);
  const outputs = Math.ceil(cout / 4);
  const tiles = planTiles({ rows, columns: outputs }, block);
  const parts = epilogueParts(epilogue, { bound: 1, inputs: bias ? 3 : 2, width: cout === 1 ? 1 : 4 });
  const group = groupOf(parts);
  const family = transposed ? "conv_transposed" : "conv_forward";
  const dispatch: Dispatch = legacy({
    kernel: `${family}/${blockName(block)}${epilogue ? "-fused" : ""}`,
    code: fillTemplate(axesCode + convCode + texelsCode, {
      LANES,
      ROWS: block.rows,
      ...parts.values,
      TEXELS_AT: parts.values.PARAMS + 1,
      GROUPS: block.rows / group,
      GROUP: group,
      COLUMNS: block.columns,
      SINGLE: cout === 1,
      SWAPPED: options.swapped ?? false,
    }),
    uniforms: parts.uniforms([
      ...[n, h, w, cin / 4, outH, outW, outputs, kh, kw, ...stride, ...padding, ...dilation],
      ...[Number(transposed), Number(bias), tiles.laneColumns, tiles.rowTiles, tiles.columnTiles, block.rows / group],
      ...texelPlaces(operandSizes(options)),
    ]),
    bindings: [bias ? { input: 2 } : { scratch: 0 }, ...parts.bindings],
    texels: [{ input: 0 }, { input: 1 }],
    texelWords: [X_FIRST, X_FIRST + 1],
    grid: gridFor(tiles.rowTiles * tiles.columnTiles * phasesY * phasesX),
    flops: convFlops(options, transposed),
  });
  // Without a bias a scratch buffer stands in for it, so that both cases share a pipeline.
  return bias ? { dispatches: [dispatch] } : { scratch: [4], dispatches: [dispatch] };
}

/** Elements of x and w. */
function operandSizes({ n, h, w, cin, kh, kw, cout }: ConvOptions): number[] {
  return [n * h * w * cin, kh * kw * cin * cout];
}
