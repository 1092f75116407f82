/**
 * Convolutions on a GPU: matrix products whose operands are gathered as they are needed, with the tiles of
 * matmul_gpu.ts.
 *
 * @module
 */
import { DEFAULT_LANES } from "../declarations.ts";
import axesCode from "../../../shaders/conv/conv_axes.wgsl" with { type: "text" };
import foldCode from "../../../shaders/conv/conv_fold.wgsl" with { type: "text" };
import operandsCode from "../../../shaders/conv/conv_operands.wgsl" with { type: "text" };
import weightCode from "../../../shaders/conv/conv_weight_operands.wgsl" with { type: "text" };
import { type Dispatch, floats, gridFor, type Lowering, reads, writes } from "../kernel.ts";
import { type ConvEnd, convEnd, endName } from "./conv_end.ts";
import { convFlops, type ConvGeometry, type ConvOptions, convSizes, convUniforms } from "./conv_geometry.ts";
import { columnSumsParts } from "../norm/column_sums.ts";
import { type NormalizedInput, normalizedParts } from "./normalized_input.ts";
import { foldOnGpu } from "../matmul/matmul_fold.ts";
import { tileKernel, tileOf } from "../matmul/matmul_gpu.ts";
import { coverTiles, type TileCover, tileName, type TileShape } from "../matmul/tile_cover.ts";
import { widthOf } from "../matmul/matmul_tiles.ts";

/**
 * Forward or transposed convolution; inputs, output and meaning as in `convForward` and `convTransposed`. Where the
 * sums are shared out among workgroups, column sums are those of the second pass.
 */
export function gpuConv(
  options: ConvOptions,
  how: ConvEnd & { transposed: boolean; shape: TileShape; normalized?: NormalizedInput | undefined },
): Lowering {
  const { cin, cout, bias = false, swapped = false } = options;
  const { transposed, shape } = how;
  const cover = coverConv(options, how);
  const shared = cover.shares > 1;
  const [depth, width] = [widthOf(cin), widthOf(cout)];
  const end = shared ? undefined : convEnd(options, how);
  const rowShares = cover.workgroups / cover.columnTiles;
  const summed = !shared && width === 4 ? how.sums : undefined;
  const sums = columnSumsParts(summed, rowShares);
  const input = normalizedParts(how.normalized);
  const kernel = tileKernel({
    code: [axesCode, operandsCode, end?.code ?? "", ...sums.code].join("\n"),
    values: {
      ...vectors(options),
      ...input.values,
      ...end?.values,
      ...sums.values,
      SHARED: shared,
      // Neighbours in a subgroup read neighbours in memory.
      B_DEPTH_FIRST: swapped,
    },
    vectors: depth === 4 ? { a: "x", b: swapped || width === 4 ? "w" : undefined } : {},
  }, shape);
  const suffix = end ? endName({ epilogue: how.epilogue, sums: summed }) : "";
  const dispatch: Dispatch = {
    kernel: `${transposed ? "conv_transposed" : "conv_forward"}/${tileName(shape)}${input.name}${suffix}`,
    ...kernel,
    uniforms: {
      ...convUniforms(options, { inputs: cin, outputs: cout }),
      is_transposed: Number(transposed),
      row_tiles: cover.rowTiles,
      column_tiles: cover.columnTiles,
      shares: cover.shares,
      depth_a_share: cover.depthAShare,
      ...end?.uniforms,
      ...sums.uniforms,
    },
    operands: {
      x: reads({ input: 0 }, floats(depth)),
      w: reads({ input: 1 }, floats(swapped ? depth : width)),
      ...input.operands,
      ...(end?.operands ?? { partial: writes({ scratch: 1 }, floats(width)) }),
      ...sums.operands,
    },
    grid: gridFor(cover.workgroups),
    flops: convFlops(options, transposed),
    tile: tileOf(shape, cover),
  };
  if (!shared) {
    return {
      ...(bias ? {} : { scratch: [4] }),
      dispatches: [dispatch],
      ...(summed ? { partials: { shares: rowShares } } : {}),
    };
  }
  const elements = outputElements(options);
  const fold = convFold(options, {
    shares: cover.shares,
    epilogue: how.epilogue,
    sums: width === 4 ? how.sums : undefined,
  });
  return { ...fold, scratch: [4, cover.shares * elements], dispatches: [dispatch, ...fold.dispatches] };
}

/** A workgroup that adds up shares and computes column sums: TY rows of lanes, each with ROWS pixels of a vector. */
const FOLD_SUMS = { TX: 16, TY: 16, ROWS: 2, HALF_PRODUCTS: false } as const;

/** Adds up the shares of a convolution in order, and ends it. */
function convFold(options: ConvOptions, how: ConvEnd & { shares: number }): Lowering {
  const { n, cout, outH, outW } = options;
  const { shares } = how;
  const width = widthOf(cout);
  const count = outputElements(options) / width;
  const end = convEnd(options, how);
  const { TX, TY, ROWS } = FOLD_SUMS;
  const pixels = n * outH * outW;
  const rowShares = Math.ceil(pixels / (TY * ROWS));
  const sums = columnSumsParts(how.sums, rowShares);
  const summing = how.sums !== undefined;
  const dispatch: Dispatch = {
    kernel: `conv_fold/vec${width}${endName(how)}`,
    code: [foldCode, end.code, ...sums.code].join("\n"),
    values: { ...end.values, ...sums.values, ...(summing ? FOLD_SUMS : {}) },
    lanes: summing ? TX * TY : DEFAULT_LANES,
    uniforms: {
      shares,
      count,
      out_height: outH,
      out_width: outW,
      outputs: summing ? cout : cout / width,
      ...(summing ? { pixels } : {}),
      ...end.uniforms,
      ...sums.uniforms,
    },
    operands: { partial: reads({ scratch: 1 }, floats(width)), ...end.operands, ...sums.operands },
    grid: gridFor(summing ? rowShares * Math.ceil(cout / 4 / TX) : Math.ceil(count / DEFAULT_LANES)),
    flops: shares * count * width,
  };
  return { dispatches: [dispatch], ...(summing ? { partials: { shares: rowShares } } : {}) };
}

function outputElements({ n, outH, outW, cout }: ConvOptions): number {
  return n * outH * outW * cout;
}

/** How tiles cover a convolution's output, phase by phase. */
export function coverConv(options: ConvOptions, how: { transposed: boolean; shape: TileShape }): TileCover {
  const { n, cin, kh, kw, cout, outH, outW } = options;
  const [phasesY, phasesX] = how.transposed ? options.stride : [1, 1];
  const [images, weights] = convSizes(options);
  const taps = mostTaps(kh, { phases: phasesY, dilation: options.dilation[0] }) *
    mostTaps(kw, { phases: phasesX, dilation: options.dilation[1] });
  return coverTiles({
    rows: n * Math.ceil(outH / phasesY) * Math.ceil(outW / phasesX),
    columns: cout,
    depth: taps * cin,
    batches: phasesY * phasesX,
    bytes: 4 * (images + weights + outputElements(options)),
    groups: false,
  }, how.shape);
}

/** The most taps of a kernel's axis that a phase has: a dilation that shares factors with the stride skips phases. */
function mostTaps(kernel: number, { phases, dilation }: { phases: number; dilation: number }): number {
  return Math.ceil(kernel * greatestDivisor(phases, dilation) / phases);
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

/** Gradient for a convolution's weights; inputs, output and meaning as in `convWeightGradient`. */
export function gpuWeightGradient(
  options: ConvGeometry,
  how: { shape: TileShape; normalized?: NormalizedInput | undefined },
): Lowering {
  const { shape } = how;
  const input = normalizedParts(how.normalized);
  const { n, cin, kh, kw, cout, outH, outW, swapped = false } = options;
  const cover = coverWeightGradient(options, shape);
  const elements = kh * kw * cin * cout;
  const [depth, width] = [widthOf(cin), widthOf(cout)];
  const kernel = tileKernel({
    code: [axesCode, weightCode].join("\n"),
    values: { ...vectors(options), ...input.values, TAPS: depth === 4 ? 1 : 4, A_ROWS_FIRST: true },
    vectors: { a: depth === 4 ? "x" : undefined, b: width === 4 ? "gy" : undefined },
  }, shape);
  const gradient: Dispatch = {
    kernel: `conv_weight_gradient/${tileName(shape)}${input.name}`,
    ...kernel,
    uniforms: {
      ...convUniforms(options, { inputs: cin, outputs: cout }),
      pixels: n * outH * outW,
      pixels_a_share: cover.depthAShare,
      row_tiles: cover.rowTiles,
      column_tiles: cover.columnTiles,
    },
    operands: {
      x: reads({ input: 0 }, floats(depth)),
      gy: reads({ input: 1 }, floats(width)),
      ...input.operands,
      partial: writes(cover.shares === 1 ? { output: 0 } : { scratch: 0 }, swapped ? "f32" : floats(width)),
    },
    grid: gridFor(cover.workgroups),
    flops: convFlops(options, false),
    tile: tileOf(shape, cover),
  };
  if (cover.shares === 1) return { dispatches: [gradient] };
  const fold = foldOnGpu({ shares: cover.shares, elements, from: { scratch: 0 }, to: { output: 0 } });
  return { scratch: [cover.shares * elements], dispatches: [gradient, fold] };
}

/** How tiles cover a weight gradient, and the pixels are shared out. */
export function coverWeightGradient(options: ConvGeometry, shape: TileShape): TileCover {
  const { n, cin, kh, kw, cout, outH, outW } = options;
  const [images, weights] = convSizes(options);
  const bytes = 4 * (images + weights + outputElements(options));
  return coverTiles(
    { rows: kh * kw * cin, columns: cout, depth: n * outH * outW, batches: 1, bytes, groups: true },
    shape,
  );
}

function vectors({ cin, cout, swapped = false }: ConvGeometry) {
  const [depth, width] = [widthOf(cin), widthOf(cout)];
  return { SWAPPED: swapped, DEEP: depth === 4, WIDE: width === 4, CHANNELS: depth };
}
