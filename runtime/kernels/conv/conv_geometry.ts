/**
 * The sizes of a convolution.
 *
 * @module
 */

/** A pair of numbers for the vertical and the horizontal axis. */
export type Pair = readonly [y: number, x: number];

/** Sizes of a convolution or transposed convolution: x [n, h, w, cin], weights [kh, kw, cin, cout], y [n, outH, outW, cout]. */
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
   * True if the last two axes of the weights (or of their gradient) lie the other way round, [kh, kw, cout, cin]: gradients of convolutions
   * are convolutions with the same weights in these roles, and read them as they lie.
   */
  readonly swapped?: boolean;
}

/** A convolution's sizes, and whether input 2 is a bias [cout]. */
export interface ConvOptions extends ConvGeometry {
  readonly bias?: boolean;
}

/** The same work, said in one way: with one channel on either side both layouts are the same. */
export function withLayout<Geometry extends ConvGeometry>(options: Geometry): Geometry {
  const { swapped = false, ...rest } = options;
  return (swapped && options.cin > 1 && options.cout > 1 ? options : rest) as Geometry;
}

/** Multiplications and additions of a convolution or of either gradient. */
export function convFlops(options: ConvGeometry, transposed: boolean): number {
  const places = transposed ? options.h * options.w : options.outH * options.outW;
  return 2 * options.n * places * options.kh * options.kw * options.cin * options.cout;
}
