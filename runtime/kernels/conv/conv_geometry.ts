/**
 * The sizes of a convolution.
 *
 * @module
 */
import type { Binding } from "../operands.ts";

/** A pair of numbers for the vertical and the horizontal axis. */
export type Pair = readonly [y: number, x: number];

/**
 * Sizes of a convolution or transposed convolution: x [n, h, w, cin], weights [kh, kw, cin, cout], y [n, outH, outW,
 * cout].
 */
export interface ConvGeometry {
  readonly n: number;
  readonly h: number;
  readonly w: number;
  readonly cin: number;
  readonly kh: number;
  readonly kw: number;
  readonly cout: number;
  readonly outH: number;
  readonly outW: number;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation: Pair;
  /**
   * True if the last two axes of the weights (or of their gradient) lie the other way round, [kh, kw, cout, cin]:
   * gradients of convolutions are convolutions with the same weights in these roles, and read them as they lie.
   */
  readonly swapped?: boolean;
}

/** A convolution's sizes, and whether input 2 is a bias [cout]. */
export interface ConvOptions extends ConvGeometry {
  readonly bias?: boolean;
}

/** Elements of the images and of the weights. */
export function convSizes({ n, h, w, kh, kw, cin, cout }: ConvGeometry): [images: number, weights: number] {
  return [n * h * w * cin, kh * kw * cin * cout];
}

/** The same work in one form: with one channel on either side both layouts of the weights are the same. */
export function withLayout<Geometry extends ConvGeometry>(options: Geometry): Geometry {
  const { swapped = false, ...rest } = options;
  return (swapped && options.cin > 1 && options.cout > 1 ? options : rest) as Geometry;
}

/** Multiplications and additions of a convolution or of either gradient. */
export function convFlops(options: ConvGeometry, transposed: boolean): number {
  const places = transposed ? options.h * options.w : options.outH * options.outW;
  return 2 * options.n * places * options.kh * options.kw * options.cin * options.cout;
}

/** The sizes and parameters of a convolution, as its kernels name them; channels are counted as a kernel reads them. */
export function convUniforms(g: ConvGeometry, channels: { inputs: number; outputs: number }) {
  return {
    images: g.n,
    height: g.h,
    width: g.w,
    inputs: channels.inputs,
    out_height: g.outH,
    out_width: g.outW,
    outputs: channels.outputs,
    kernel_height: g.kh,
    kernel_width: g.kw,
    stride_y: g.stride[0],
    stride_x: g.stride[1],
    padding_y: g.padding[0],
    padding_x: g.padding[1],
    dilation_y: g.dilation[0],
    dilation_x: g.dilation[1],
  };
}

/** The bias. Without one a scratch buffer of 4 elements stands in for it, so that both cases share a pipeline. */
export function biasOf({ bias = false }: ConvOptions): Binding {
  return bias ? { input: 2 } : { scratch: 0 };
}
