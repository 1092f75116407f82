/**
 * Lowerings of max and average pooling of NHWC images, and of their gradients.
 *
 * A gradient's invocation visits the windows that contain its pixel, so nothing is added atomically and sums have a
 * fixed order.
 *
 * @module
 */
import averageCode from "../../../shaders/pool/average_pool.wgsl" with { type: "text" };
import averageGradientCode from "../../../shaders/pool/average_pool_gradient.wgsl" with { type: "text" };
import maxCode from "../../../shaders/pool/max_pool.wgsl" with { type: "text" };
import maxGradientCode from "../../../shaders/pool/max_pool_gradient.wgsl" with { type: "text" };
import type { Pair } from "../conv/conv_geometry.ts";
import { DEFAULT_LANES } from "../declarations.ts";
import { type Dispatch, floats, gridFor, type Lowering, type Operands, reads, words, writes } from "../kernel.ts";
import { NAN_TEST, typeAliases } from "../pointwise/functions.ts";

/** Sizes of a pooling; pairs are vertical, horizontal. */
export interface PoolGeometry {
  /** Images. */
  readonly n: number;
  /** Height of the input. */
  readonly h: number;
  /** Width of the input. */
  readonly w: number;
  readonly channels: number;
  readonly outH: number;
  readonly outW: number;
  /** Size of a window. */
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
}

/**
 * Input x [n, h, w, c]; outputs the maxima [n, outH, outW, c] and, as u32, the position of each in its window
 * (row * width of the window + column).
 */
export function lowerMaxPool(g: PoolGeometry): Lowering {
  const width = widthOf(g);
  return pool(g, {
    kernel: "max_pool",
    code: [...NAN_TEST, maxCode].join("\n"),
    from: g.outH * g.outW,
    operands: {
      x: reads({ input: 0 }, floats(width)),
      y: writes({ output: 0 }, floats(width)),
      winners: writes({ output: 1 }, words(width)),
    },
  });
}

/** Inputs winners u32 and dy [n, outH, outW, c]; output dx [n, h, w, c]. */
export function lowerMaxPoolGradient(g: PoolGeometry): Lowering {
  const width = widthOf(g);
  return pool(g, {
    kernel: "max_pool_gradient",
    code: maxGradientCode,
    from: g.h * g.w,
    operands: {
      winners: reads({ input: 0 }, words(width)),
      dy: reads({ input: 1 }, floats(width)),
      dx: writes({ output: 0 }, floats(width)),
    },
  });
}

/** Input x [n, h, w, c]; output the means [n, outH, outW, c]. */
export function lowerAveragePool(g: PoolGeometry): Lowering {
  const width = widthOf(g);
  return pool(g, {
    kernel: "average_pool",
    code: averageCode,
    from: g.outH * g.outW,
    operands: { x: reads({ input: 0 }, floats(width)), y: writes({ output: 0 }, floats(width)) },
  });
}

/** Input dy [n, outH, outW, c]; output dx [n, h, w, c]. */
export function lowerAveragePoolGradient(g: PoolGeometry): Lowering {
  const width = widthOf(g);
  return pool(g, {
    kernel: "average_pool_gradient",
    code: averageGradientCode,
    from: g.h * g.w,
    operands: { dy: reads({ input: 0 }, floats(width)), dx: writes({ output: 0 }, floats(width)) },
  });
}

function widthOf({ channels }: PoolGeometry): 1 | 4 {
  return channels % 4 === 0 ? 4 : 1;
}

/** One dispatch with an invocation for each group of channels of `from` pixels of each image. */
function pool(
  g: PoolGeometry,
  options: { kernel: string; code: string; from: number; operands: Operands },
): Lowering {
  const { kernel, code, from, operands } = options;
  const width = widthOf(g);
  const { T, U, B } = typeAliases(width);
  const groups = g.channels / width;
  const dispatch: Dispatch = {
    kernel: `${kernel}/x${width}`,
    code,
    values: { T, U, B },
    uniforms: {
      images: g.n,
      height: g.h,
      width: g.w,
      groups,
      out_height: g.outH,
      out_width: g.outW,
      kernel_y: g.kernel[0],
      kernel_x: g.kernel[1],
      stride_y: g.stride[0],
      stride_x: g.stride[1],
      padding_y: g.padding[0],
      padding_x: g.padding[1],
    },
    operands,
    grid: gridFor(Math.ceil(g.n * from * groups / DEFAULT_LANES)),
    flops: g.n * g.outH * g.outW * g.channels * g.kernel[0] * g.kernel[1],
  };
  return { dispatches: [dispatch] };
}
