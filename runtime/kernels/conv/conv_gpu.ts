/**
 * Convolutions on a GPU: matrix products whose operands are gathered as they are needed, with the tiles of matmul_gpu.ts.
 *
 * @module
 */
import { legacy } from "../legacy.ts";
import axesCode from "../../../shaders/conv/conv_axes.wgsl" with { type: "text" };
import operandsCode from "../../../shaders/conv/conv_operands.wgsl" with { type: "text" };
import weightCode from "../../../shaders/conv/conv_weight_operands.wgsl" with { type: "text" };
import { type Dispatch, gridFor, type Lowering } from "../kernel.ts";
import { convFlops, type ConvGeometry, type ConvOptions } from "./conv_geometry.ts";
import { epilogueParts } from "../pointwise/epilogue.ts";
import type { Epilogue } from "../pointwise/expression.ts";
import { foldShares } from "../matmul/matmul_fold.ts";
import { coverTiles, type TileCover, tileName, type TileShape, tileText } from "../matmul/matmul_gpu.ts";
import { widthOf } from "../matmul/matmul_tiles.ts";

/** Forward or transposed convolution; inputs, output and meaning as in `convForward` and `convTransposed`. */
export function gpuConv(
  options: ConvOptions,
  how: { transposed: boolean; shape: TileShape; epilogue?: Epilogue | undefined },
): Lowering {
  const { n, h, w, cin, kh, kw, cout, outH, outW, stride, padding, dilation, bias = false } = options;
  const { transposed, shape, epilogue } = how;
  const cover = coverConv(options, how);
  const parts = epilogueParts(epilogue, { bound: 3, inputs: bias ? 3 : 2, width: widthOf(cout) });
  const family = transposed ? "conv_transposed" : "conv_forward";
  const dispatch: Dispatch = legacy({
    kernel: `${family}/${tileName(shape)}${epilogue ? "-fused" : ""}`,
    // Neighbours in a subgroup read neighbours in memory.
    code: tileText(axesCode + operandsCode, shape, {
      ...vectors(options),
      ...parts.values,
      B_DEPTH_FIRST: options.swapped ?? false,
    }),
    uniforms: parts.uniforms([
      ...[n, h, w, cin, outH, outW, cout, kh, kw, ...stride, ...padding, ...dilation],
      ...[Number(transposed), Number(bias), cover.rowTiles, cover.columnTiles],
    ]),
    bindings: [{ input: 0 }, { input: 1 }, bias ? { input: 2 } : { scratch: 0 }, ...parts.bindings],
    grid: gridFor(cover.workgroups),
    flops: convFlops(options, transposed),
  });
  // Without a bias a scratch buffer stands in for it, so that both cases share a pipeline.
  return bias ? { dispatches: [dispatch] } : { scratch: [4], dispatches: [dispatch] };
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
  const { n, h, w, cin, kh, kw, cout, outH, outW, stride, padding, dilation } = options;
  const cover = coverWeightGradient(options, shape);
  const elements = kh * kw * cin * cout;
  const deep = widthOf(cin) === 4;
  const gradient: Dispatch = legacy({
    kernel: `conv_weight_gradient/${tileName(shape)}`,
    code: tileText(axesCode + weightCode, shape, { ...vectors(options), TAPS: deep ? 1 : 4, A_ROWS_FIRST: true }),
    uniforms: [
      ...[h, w, cin, outH, outW, cout, kh, kw, ...stride, ...padding, ...dilation],
      ...[n * outH * outW, cover.depthAShare, cover.rowTiles, cover.columnTiles],
    ],
    bindings: [{ input: 0 }, { input: 1 }, cover.shares === 1 ? { output: 0 } : { scratch: 0 }],
    grid: gridFor(cover.workgroups),
    flops: convFlops(options, false),
  });
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
  const [deep, wide] = [widthOf(cin) === 4, widthOf(cout) === 4];
  return { SWAPPED: swapped, DEEP: deep, WIDE: wide, X: deep ? "vec4f" : "f32", W: wide ? "vec4f" : "f32" };
}
