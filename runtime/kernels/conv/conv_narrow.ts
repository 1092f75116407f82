/**
 * Convolutions of few channels on a GPU: with few output channels, or with so short a sum for each result, most of a
 * tile of a matrix product would be empty. These are bound by memory.
 *
 * @module
 */
import axesCode from "../../../shaders/conv/conv_axes.wgsl" with { type: "text" };
import fewInputsCode from "../../../shaders/conv/conv_few_inputs.wgsl" with { type: "text" };
import fewOutputsCode from "../../../shaders/conv/conv_few_outputs.wgsl" with { type: "text" };
import { DEFAULT_LANES } from "../declarations.ts";
import { floats, gridFor, type KernelVariant, type Lowering, reads } from "../kernel.ts";
import { streamCost } from "../matmul/tile_cover.ts";
import { type Block, blockName } from "../matmul/matmul_tiles.ts";
import type { Epilogue } from "../pointwise/expression.ts";
import { epilogueParts } from "../pointwise/epilogue.ts";
import { columnSumsParts } from "../norm/column_sums.ts";
import { type ConvEnd, convEnd, endName } from "./conv_end.ts";
import { gatherConv, SMALL_WORK } from "./conv_gather.ts";
import { biasOf, convFlops, type ConvGeometry, type ConvOptions, convSizes, convUniforms } from "./conv_geometry.ts";

/** Lanes that share the channels of a pixel, and pixels of such a row of lanes; see conv_few_outputs.wgsl. */
const CHANNEL_LANES = 16;
const PIXELS = 8;

/** The longest sum of a result for which a register block does without workgroup memory. */
const MOST_PRODUCTS = 48;

/** A register block of the gather: 4 pixels x a vector of channels. */
const GATHER_BLOCK: Block = { rows: 4, columns: 1, lanes: DEFAULT_LANES };

/** Lanes of a workgroup of few inputs, the most vectors of channels of theirs, and pixels of a lane. */
const FEW_INPUTS = { lanes: 256, columns: 16, rows: 8 } as const;

/** True for a convolution whose results are sums of few products, in vectors of output channels. */
export function isShort(
  { kh, kw, cin, cout }: Pick<ConvGeometry, "kh" | "kw" | "cin" | "cout">,
  how: { transposed: boolean },
): boolean {
  return !how.transposed && cin % 4 !== 0 && kh * kw * cin <= MOST_PRODUCTS && cout % 4 === 0;
}

/** The variants for convolutions of few channels; none where the convolution has many. */
export function narrowVariants(options: ConvOptions, how: { transposed: boolean }): KernelVariant[] {
  const { cin, cout, kh, kw } = options;
  const variants: KernelVariant[] = [];
  if (cout < 4 && cin % 4 === 0) {
    const cost = narrowCost(options, how);
    variants.push({ name: "gpu-few", cost, lower: (epilogue) => fewOutputs(options, { ...how, epilogue }) });
  }
  if (cin % 4 !== 0 && kh * kw * cin <= MOST_PRODUCTS) {
    const block = GATHER_BLOCK;
    const cost = narrowCost(options, how);
    const short = isShort(options, how);
    // The gather's sums are compensated where there are few.
    const small = convFlops(options, how.transposed) <= 2 * SMALL_WORK;
    if (short) {
      variants.push({
        name: "gpu-short",
        cost: small ? cost + 1 : cost,
        lower: (epilogue, sums) => fewInputs(options, { epilogue, sums }),
      });
    }
    if (small || !short) {
      variants.push({
        name: blockName(block),
        cost,
        lower: (epilogue) => gatherConv(options, { ...how, block, epilogue }),
      });
    }
  }
  return variants;
}

/** Estimated nanoseconds of a convolution of few channels, or of its weight gradient. */
export function narrowCost(options: ConvGeometry, how: { transposed: boolean }): number {
  const { n, outH, outW, cout } = options;
  const [images, weights] = convSizes(options);
  const bytes = 4 * (images + weights + n * outH * outW * cout);
  return streamCost({ multiplyAdds: convFlops(options, how.transposed) / 2, bytes });
}

/** Forward or transposed convolution with fewer than 4 output channels and vectors of input channels. */
function fewOutputs(
  options: ConvOptions,
  how: { transposed: boolean; epilogue?: Epilogue | undefined },
): Lowering {
  const { n, cin, cout, outH, outW, stride, bias = false, swapped = false } = options;
  const { transposed, epilogue } = how;
  const [phasesY, phasesX] = transposed ? stride : [1, 1];
  const pixels = n * Math.ceil(outH / phasesY) * Math.ceil(outW / phasesX);
  const pixelTiles = Math.ceil(pixels / (DEFAULT_LANES / CHANNEL_LANES * PIXELS));
  const weightVectors = swapped || cout === 1;
  const parts = epilogueParts(epilogue, { inputs: bias ? 3 : 2, width: 1 });
  const family = transposed ? "conv_transposed" : "conv_forward";
  return {
    ...(bias ? {} : { scratch: [4] }),
    dispatches: [{
      kernel: `${family}/gpu-few${epilogue ? "-fused" : ""}`,
      code: [axesCode, fewOutputsCode, parts.code].join("\n"),
      values: { ...parts.values, PIXELS, OUTPUTS: cout, WEIGHT_VECTORS: weightVectors },
      uniforms: {
        ...convUniforms(options, { inputs: cin, outputs: cout }),
        is_transposed: Number(transposed),
        has_bias: Number(bias),
        pixel_tiles: pixelTiles,
        phases: phasesY * phasesX,
        ...parts.uniforms,
      },
      operands: {
        x: reads({ input: 0 }, "vec4f"),
        w: reads({ input: 1 }, floats(weightVectors ? 4 : 1)),
        bias: reads(biasOf(options), "f32"),
        ...parts.operands,
      },
      grid: gridFor(pixelTiles * phasesY * phasesX),
      flops: convFlops(options, transposed),
    }],
  };
}

/** Forward convolution with few products for each result and vectors of output channels. */
function fewInputs(options: ConvOptions, end: ConvEnd): Lowering {
  const { n, cin, cout, outH, outW, bias = false, swapped = false } = options;
  const { lanes, columns, rows } = FEW_INPUTS;
  const tx = Math.min(columns, 2 ** Math.ceil(Math.log2(cout / 4)));
  const shares = Math.ceil(n * outH * outW / (lanes / tx * rows));
  const weightVectors = !swapped || cin === 1;
  const { code, values, uniforms, operands } = convEnd(options, end);
  const sums = columnSumsParts(end.sums, shares);
  return {
    ...(bias ? {} : { scratch: [4] }),
    dispatches: [{
      kernel: `conv_forward/gpu-short${endName(end)}`,
      code: [axesCode, fewInputsCode, code, ...sums.code].join("\n"),
      values: {
        ...values,
        ...sums.values,
        HALF_PRODUCTS: false,
        WEIGHT_VECTORS: weightVectors,
        TX: tx,
        TY: lanes / tx,
        ROWS: rows,
      },
      lanes,
      uniforms: { ...convUniforms(options, { inputs: cin, outputs: cout }), ...uniforms, ...sums.uniforms },
      operands: {
        x: reads({ input: 0 }, "f32"),
        w: reads({ input: 1 }, floats(weightVectors ? 4 : 1)),
        ...operands,
        ...sums.operands,
      },
      grid: gridFor(shares * Math.ceil(cout / 4 / tx)),
      flops: convFlops(options, false),
    }],
    ...(end.sums ? { partials: { shares } } : {}),
  };
}
