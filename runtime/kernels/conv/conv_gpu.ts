/**
 * Convolutions on a GPU: matrix products whose operands are gathered as they are needed, with the tiles of
 * matmul_gpu.ts.
 *
 * @module
 */
import axesCode from "../../../shaders/conv/conv_axes.wgsl" with { type: "text" };
import operandsCode from "../../../shaders/conv/conv_operands.wgsl" with { type: "text" };
import weightCode from "../../../shaders/conv/conv_weight_operands.wgsl" with { type: "text" };
import { type Dispatch, floats, gridFor, type Lowering, reads, writes } from "../kernel.ts";
import { biasOf, convFlops, type ConvGeometry, type ConvOptions, convUniforms } from "./conv_geometry.ts";
import { columnSumsParts, type ColumnSumsRequest } from "../norm/column_sums.ts";
import { epilogueParts } from "../pointwise/epilogue.ts";
import type { Epilogue } from "../pointwise/expression.ts";
import { foldShares } from "../matmul/matmul_fold.ts";
import { coverTiles, type TileCover, tileKernel, tileName, tileOf, type TileShape } from "../matmul/matmul_gpu.ts";
import { widthOf } from "../matmul/matmul_tiles.ts";

/** Forward or transposed convolution; inputs, output and meaning as in `convForward` and `convTransposed`. */
export function gpuConv(
  options: ConvOptions,
  how: {
    transposed: boolean;
    shape: TileShape;
    epilogue?: Epilogue | undefined;
    sums?: ColumnSumsRequest | undefined;
  },
): Lowering {
  const { cin, cout, bias = false } = options;
  const { transposed, shape, epilogue } = how;
  const cover = coverConv(options, how);
  const [depth, width] = [widthOf(cin), widthOf(cout)];
  const parts = epilogueParts(epilogue, { inputs: bias ? 3 : 2, width, returned: how.sums?.output ?? 0 });
  const shares = cover.workgroups / cover.columnTiles;
  const sums = columnSumsParts(width === 4 ? how.sums : undefined, shares);
  const family = transposed ? "conv_transposed" : "conv_forward";
  const swapped = options.swapped ?? false;
  const kernel = tileKernel([axesCode, operandsCode, parts.code, ...sums.code].join("\n"), shape, {
    ...vectors(options),
    ...parts.values,
    ...sums.values,
    // Neighbours in a subgroup read neighbours in memory.
    B_DEPTH_FIRST: swapped,
  });
  const dispatch: Dispatch = {
    kernel: `${family}/${tileName(shape)}${epilogue ? "-fused" : ""}${sums.code.length ? "-sums" : ""}`,
    ...kernel,
    uniforms: {
      ...convUniforms(options, { inputs: cin, outputs: cout }),
      is_transposed: Number(transposed),
      has_bias: Number(bias),
      row_tiles: cover.rowTiles,
      column_tiles: cover.columnTiles,
      ...parts.uniforms,
      ...sums.uniforms,
    },
    operands: {
      x: reads({ input: 0 }, floats(depth)),
      w: reads({ input: 1 }, floats(swapped ? depth : width)),
      bias: reads(biasOf(options), floats(width)),
      ...parts.operands,
      ...sums.operands,
    },
    grid: gridFor(cover.workgroups),
    flops: convFlops(options, transposed),
    tile: tileOf(shape, cover),
  };
  return {
    ...(bias ? {} : { scratch: [4] }),
    dispatches: [dispatch],
    ...(sums.code.length ? { partials: { shares } } : {}),
  };
}

/** How tiles cover a convolution's output, phase by phase. */
export function coverConv(options: ConvOptions, how: { transposed: boolean; shape: TileShape }): TileCover {
  const { n, cin, kh, kw, cout, outH, outW } = options;
  const [phasesY, phasesX] = how.transposed ? options.stride : [1, 1];
  return coverTiles({
    rows: n * Math.ceil(outH / phasesY) * Math.ceil(outW / phasesX),
    columns: cout,
    depth: Math.ceil(kh / phasesY) * Math.ceil(kw / phasesX) * cin,
    batches: phasesY * phasesX,
    split: false,
  }, how.shape);
}

/** Gradient for a convolution's weights; inputs, output and meaning as in `convWeightGradient`. */
export function gpuWeightGradient(options: ConvGeometry, shape: TileShape): Lowering {
  const { n, cin, kh, kw, cout, outH, outW, swapped = false } = options;
  const cover = coverWeightGradient(options, shape);
  const elements = kh * kw * cin * cout;
  const [depth, width] = [widthOf(cin), widthOf(cout)];
  const kernel = tileKernel([axesCode, weightCode].join("\n"), shape, {
    ...vectors(options),
    TAPS: depth === 4 ? 1 : 4,
    A_ROWS_FIRST: true,
  });
  const gradient: Dispatch = {
    kernel: `conv_weight_gradient/${tileName(shape)}`,
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
      partial: writes(cover.shares === 1 ? { output: 0 } : { scratch: 0 }, swapped ? "f32" : floats(width)),
    },
    grid: gridFor(cover.workgroups),
    flops: convFlops(options, false),
    tile: tileOf(shape, cover),
  };
  if (cover.shares === 1) return { dispatches: [gradient] };
  const fold = foldShares({ shares: cover.shares, elements, from: { scratch: 0 }, to: { output: 0 } });
  return { scratch: [cover.shares * elements], dispatches: [gradient, fold] };
}

/** How tiles cover a weight gradient, and the pixels are shared out. */
export function coverWeightGradient(options: ConvGeometry, shape: TileShape): TileCover {
  const { n, cin, kh, kw, cout, outH, outW } = options;
  const size = { rows: kh * kw * cin, columns: cout, depth: n * outH * outW, batches: 1, split: true };
  return coverTiles(size, shape);
}

function vectors({ cin, cout, swapped = false }: ConvGeometry) {
  const [depth, width] = [widthOf(cin), widthOf(cout)];
  return { SWAPPED: swapped, DEEP: depth === 4, WIDE: width === 4, CHANNELS: depth };
}
